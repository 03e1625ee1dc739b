"""Reading a directory server: all its people, page by page over a verified line, as records. Nothing is written."""

import re
import ssl
import unicodedata
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from madoguchi.directory.records import ContactRecord, DepartmentRecord, Records, RefusedRow
from madoguchi.directory.server import LdapServer, Ways
from madoguchi.foundation import phone

if TYPE_CHECKING:
    from ldap3 import Connection

_PAGE = 500  # half of what Active Directory gives at most
_CONNECT_SECONDS, _ANSWER_SECONDS = 10, 60
_PAGED = "1.2.840.113556.1.4.319"
_LIMITS = {3, 4, 11}  # time, size, administrative
_FOR_NOW = {51, 52}  # busy, unavailable
_LONGEST = {"name": 100, "kana": 200, "title": 100, "email": 254, "extension": 40, "note": 200}
_EXTENSION = re.compile(r"[(\[]?\s*(?:内線|ext(?:ension)?\.?|#|x)\s*:?\s*(\d{2,6})\s*[)\]]?", re.IGNORECASE)
_UNITS = "(objectClass=organizationalUnit)"
_UNIT_NAME = (("ou;lang-ja",), ("displayName",), ("ou",))
_UNIT_KANA = (("ou;lang-ja;phonetic",), ("msDS-PhoneticDisplayName",))


class UnreadableServer(Exception):
    """The server could not be read to its end; the message says why. ``passing``: it may well heal by itself."""

    def __init__(self, sentence: str, *, passing: bool = False) -> None:
        super().__init__(sentence)
        self.passing = passing


type Progress = Callable[[int], None]


def read(server: LdapServer, *, progress: Progress = lambda _read: None) -> Records:
    """Everybody below the base whom the filter lets through; ``progress`` hears the number read so far, page by page.

    UnreadableServer when it cannot be read to the end: half a directory is none. What is wrong with one entry sets
    only that entry aside.
    """
    with _connected(server) as connection:
        return _Reader(server, connection, progress).read()


def check(server: LdapServer) -> None:
    """Connect and sign in, as ``read`` does."""
    with _connected(server):
        pass


@contextmanager
def _connected(server: LdapServer) -> Iterator["Connection"]:
    # Loading it takes a second and 18 MB: only who reads a server pays for it.
    import ldap3
    from ldap3.core.exceptions import LDAPException

    verified = _verified(server)
    address = ldap3.Server(
        *(server.host, server.port),
        use_ssl=server.tls == "ldaps",
        tls=verified,
        get_info=ldap3.NONE,
        connect_timeout=_CONNECT_SECONDS,
    )
    connection = ldap3.Connection(
        address,
        user=server.bind_dn or None,
        password=server.password or None,
        auto_referrals=False,
        receive_timeout=_ANSWER_SECONDS,
        return_empty_attributes=False,
        check_names=False,
        read_only=True,
    )
    try:
        connection.open()
        if server.tls == "starttls" and not connection.start_tls():
            raise UnreadableServer(_("The directory server does not offer StartTLS."))
        if not connection.bind():
            raise _refusal(server, connection.result)
        yield connection
    except (LDAPException, OSError) as error:
        if verified.distrust:
            sentence = _("The certificate of the directory server is not trusted: %(why)s")
            raise UnreadableServer(sentence % {"why": verified.distrust.verify_message}) from error
        sentence = _("The directory server %(server)s cannot be read: %(why)s")
        raise UnreadableServer(sentence % {"server": server.name, "why": error}, passing=True) from error
    finally:
        _leave(connection, LDAPException)


def _leave(connection: "Connection", trouble: type[Exception]) -> None:
    with suppress(trouble, OSError):  # it may have left already
        connection.unbind()


def _verified(server: LdapServer) -> Any:
    """ldap3 compares names of certificates by old code of its own; Python's context does it as OpenSSL does today."""
    import ldap3

    class Verified(ldap3.Tls):
        distrust: ssl.SSLCertVerificationError | None = None

        def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
            context = ssl.create_default_context(cafile=server.ca_file)
            try:
                connection.socket = context.wrap_socket(connection.socket, server_hostname=server.host)
            except ssl.SSLCertVerificationError as error:
                self.distrust = error
                raise

    return Verified()


def _refusal(server: LdapServer, result: Mapping[str, Any]) -> UnreadableServer:
    """What a result other than success means, for the administrator."""
    code = int(result["result"])
    words = {"server": server.name, "who": server.bind_dn or "–", "base": server.base}
    if code == 49:
        return UnreadableServer(_("The directory server refuses “%(who)s” or the password.") % words)
    if code == 32:
        return UnreadableServer(_("The directory server has no entry “%(base)s”.") % words)
    if code == 10:
        return UnreadableServer(_("The directory server sends us elsewhere for “%(base)s”.") % words)
    if code in {8, 13}:
        return UnreadableServer(_("The directory server wants an encrypted line or a sign-in."))
    if code in _LIMITS:
        return UnreadableServer(
            _("The directory server gives “%(who)s” only a part of its entries: raise its limits for paged searches.")
            % words
        )
    answer = " ".join(filter(None, (str(result["description"]), str(result["message"] or ""))))
    sentence = _("The directory server %(server)s cannot be read: %(why)s")
    return UnreadableServer(sentence % {**words, "why": answer[:300]}, passing=code in _FOR_NOW)


class _Reader:
    def __init__(self, server: LdapServer, connection: "Connection", progress: Progress) -> None:
        self.server, self.connection, self.progress = server, connection, progress
        self.records = Records()
        self.read_so_far = 0
        self.departments: dict[str, DepartmentRecord] = {}  # by name, or by DN of the unit

    def read(self) -> Records:
        if self.server.department_from == "ou":
            self._read_units()
        for page in self._pages(self.server.filter, self.server.attributes.values()):
            for entry in page:
                self._take(_Entry(entry))
            self.progress(self.read_so_far)
        used = {id(contact.department) for contact in self.records.contacts}
        self.records.departments = [one for one in self.departments.values() if id(one) in used]
        return self.records

    def _pages(self, wanted: str, asked: Iterable[Ways]) -> Iterator[list[dict[str, Any]]]:
        """All entries that the filter lets through, continuation references left out."""
        # A server sends an attribute in all its languages when it is asked by its plain name.
        names = sorted({name.partition(";")[0] for ways in asked for way in ways for name in way})
        cookie = None
        while True:
            self.connection.search(
                *(self.server.base, wanted, "SUBTREE", "NEVER"), attributes=names, paged_size=_PAGE, paged_cookie=cookie
            )
            if self.connection.result["result"] != 0:
                raise _refusal(self.server, self.connection.result)
            yield [entry for entry in self.connection.response or () if entry["type"] == "searchResEntry"]
            answer = self.connection.result.get("controls", {}).get(_PAGED)
            cookie = answer["value"]["cookie"] if answer else None
            if not cookie:
                return

    def _read_units(self) -> None:
        for page in self._pages(_UNITS, (_UNIT_NAME, _UNIT_KANA, self.server.attributes["key"])):
            for found in page:
                unit = _Entry(found)
                origin = unit.origin(self.server.attributes["key"])
                if origin:
                    self.records.kept.add(origin)
                fields: dict[str, Any] = {"is_active": True}
                if kana := unit.first(_UNIT_KANA):
                    fields["kana"] = kana[:200]
                name = unit.first(_UNIT_NAME) or unit.dn
                self.departments[_plain(unit.dn)] = DepartmentRecord(name=name[:100], origin=origin, fields=fields)

    def _take(self, entry: "_Entry") -> None:
        self.read_so_far += 1
        try:
            record = self._contact(entry)
        except _SetAside as why:
            self._refuse(str(why), entry)
        else:
            self.records.contacts.append(record)

    def _contact(self, entry: "_Entry") -> ContactRecord:
        attributes = self.server.attributes
        origin = entry.origin(attributes["key"])
        if origin in self.records.kept:
            raise _SetAside(_("Another entry has the same key."))
        if origin:
            self.records.kept.add(origin)
        told = {
            name: entry.first(ways)[: _LONGEST.get(name, 500)] for name, ways in attributes.items() if name != "key"
        }
        if not origin:
            raise _SetAside(_("The entry has no lasting key."))
        if not told["name"]:
            raise _SetAside(_("The entry has no name."))
        department = self._department(entry, told.pop("department"), told.pop("department_kana", ""))
        if department is None:
            raise _SetAside(_("The entry has no department."))
        name = told.pop("name")
        fields = {key: value for key, value in told.items() if value}
        self._mend_addresses(entry, fields)
        return ContactRecord(department=department, name=name, origin=origin, fields={**fields, "is_active": True})

    def _mend_addresses(self, entry: "_Entry", fields: dict[str, str]) -> None:
        """Numbers in the desk's writing, an extension written behind one apart; what is none is left out, and told."""
        if written := fields.get("phone"):
            written = unicodedata.normalize("NFKC", written)
            if extension := _EXTENSION.search(written):
                fields.setdefault("extension", extension[1])
                fields["phone"] = _EXTENSION.sub("", written).strip()
        for kind in ("phone", "mobile"):
            if fields.get(kind) and not phone.normalise(fields[kind]):
                self._refuse(_("“%(number)s” is not a telephone number.") % {"number": fields[kind][:60]}, entry)
                fields.pop(kind)
        if "phone" in fields and not fields["phone"]:
            del fields["phone"]
        if "email" in fields:
            try:
                validate_email(fields["email"])
            except ValidationError:
                self._refuse(_("“%(email)s” is not a mail address.") % {"email": fields.pop("email")[:60]}, entry)

    def _department(self, entry: "_Entry", name: str, kana: str) -> DepartmentRecord | None:
        if self.server.department_from == "ou":
            return self._unit_of(entry.dn)
        if not name:
            return None
        if name not in self.departments:
            self.departments[name] = DepartmentRecord(name=name[:100], fields={"kana": kana[:200]} if kana else {})
        return self.departments[name]

    def _unit_of(self, dn: str) -> DepartmentRecord | None:
        """The nearest organizational unit above the entry."""
        rest = dn
        while rest:
            rest = _above(rest)
            if unit := self.departments.get(_plain(rest)):
                return unit
        return None

    def _refuse(self, reason: str, entry: "_Entry") -> None:
        self.records.refused.append(RefusedRow(line=0, reason=reason, text=entry.dn[:300]))


class _SetAside(Exception):
    """This entry is not taken; the message says why."""


class _Entry:
    """One entry of the server: its name and its attributes by their names in lower case."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.dn = str(found["dn"])
        self._values = {name.lower(): values for name, values in found["raw_attributes"].items()}

    def first(self, ways: Ways) -> str:
        """The first alternative of which the entry has any part, in one line; empty when it has none."""
        for way in ways:
            parts = [self._text(name) for name in way]
            if any(parts):
                return " ".join(filter(None, parts))
        return ""

    def origin(self, ways: Ways) -> str:
        """The key that stays when the entry is renamed or moved, as ``Contact.origin``."""
        for name, *_more in ways:
            if value := self._raw(name):
                if name.lower() == "objectguid" and len(value) == 16:
                    return f"ldap:{uuid.UUID(bytes_le=value)}"
                return f"ldap:{self._text(name).lower()}"[:255]
        return ""

    def _raw(self, name: str) -> bytes:
        values = self._values.get(name.lower())
        return bytes(values[0]) if values else b""

    def _text(self, name: str) -> str:
        try:
            return " ".join(self._raw(name).decode().replace("\0", "").split())
        except UnicodeDecodeError:
            raise _SetAside(_("“%(attribute)s” is not text.") % {"attribute": name}) from None


def _above(dn: str) -> str:
    """The name of the entry above, at the first comma that is not escaped."""
    found = re.match(r"(?:[^,\\]|\\.)*,(.*)", dn, re.DOTALL)
    return found[1] if found else ""


def _plain(dn: str) -> str:
    """For comparing names: servers may write blanks and capitals otherwise in one answer than in another."""
    return re.sub(r"\s*([,=])\s*", r"\1", dn).lower()
