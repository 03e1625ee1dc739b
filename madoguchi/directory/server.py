"""How a directory server is reached and read: what the settings say, ready for ``ldap.read``."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

# Alternatives, of which the first that an entry has counts: one attribute, or several joined by a blank.
type Ways = tuple[tuple[str, ...], ...]

# Both worlds in one table: whatever a server does not know, its entries do not have.
DEFAULT_ATTRIBUTES = (
    "key=objectGUID|entryUUID|nsUniqueId|ipaUniqueID,"
    "name=displayName;lang-ja|cn;lang-ja|displayName|cn,"
    "kana=msDS-PhoneticDisplayName|displayName;lang-ja;phonetic|cn;lang-ja;phonetic"
    "|msDS-PhoneticLastName+msDS-PhoneticFirstName|sn;lang-ja;phonetic+givenName;lang-ja;phonetic,"
    "title=title;lang-ja|title,"
    "email=mail,"
    "phone=telephoneNumber,"
    "extension=ipPhone,"
    "mobile=mobile,"
    "department=department;lang-ja|department|ou;lang-ja|ou,"
    "department_kana=msDS-PhoneticDepartment|ou;lang-ja;phonetic"
)
FIELDS = (
    *("key", "name", "kana", "title", "email", "phone", "extension", "mobile", "note"),
    *("department", "department_kana"),
)
# People who can be reached; an account of Active Directory that is switched off is nobody.
DEFAULT_FILTER = (
    "(&(|(objectClass=inetOrgPerson)(&(sAMAccountType=805306368)(!(userAccountControl:1.2.840.113556.1.4.803:=2))))"
    "(|(mail=*)(telephoneNumber=*)))"
)


@dataclass(frozen=True, kw_only=True)
class LdapServer:
    """``tls``: ``ldaps``, ``starttls`` or ``none``. ``department_from``: ``attribute``, or ``ou``: the organizational
    unit in which an entry stands. ``vanishing_percent``: more than this share gone stops a run. ``at``: local time of
    the nightly run, None: only when somebody asks.
    """

    host: str
    port: int
    tls: str
    ca_file: str | None
    bind_dn: str
    password: str
    base: str
    filter: str
    attributes: Mapping[str, Ways]
    department_from: str
    vanishing_percent: int
    at: time | None

    @property
    def is_bare(self) -> bool:
        """Whether passwords and entries travel in the clear, beyond this machine."""
        return self.tls == "none" and not is_here(self.host)

    def __repr__(self) -> str:
        return f"<LdapServer {self.name}>"

    @property
    def name(self) -> str:
        """How people name it: address and base, without secrets."""
        return f"{'ldaps' if self.tls == 'ldaps' else 'ldap'}://{self.host}:{self.port}/{self.base}"


def is_here(host: str) -> bool:
    """Whether the host is this machine itself."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def attributes_of(written: str) -> dict[str, Ways]:
    """``name=displayName|cn, kana=sn;phonetic+givenName;phonetic`` as a table; ValueError says what is wrong."""
    table: dict[str, Ways] = {}
    for part in filter(None, map(str.strip, written.split(","))):
        field, equals, names = part.partition("=")
        field = field.strip()
        if field not in FIELDS:
            raise ValueError(f"knows no field {field!r}; there are {', '.join(FIELDS)}")
        alternatives = [tuple(filter(None, map(str.strip, one.split("+")))) for one in names.split("|")]
        if not equals:
            raise ValueError(f"must name an attribute for {field}, for instance {field}=cn")
        table[field] = tuple(filter(None, alternatives))
    return table
