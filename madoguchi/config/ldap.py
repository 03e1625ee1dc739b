"""The directory server from its MADOGUCHI_LDAP_… variables; a wrong one stops the start with a sentence."""

import ssl
from urllib.parse import SplitResult, unquote

from madoguchi.config import environment as env
from madoguchi.config.environment import marked as _
from madoguchi.directory.server import DEFAULT_ATTRIBUTES, DEFAULT_FILTER, LdapServer, Ways, attributes_of, is_here


def ldap_server() -> LdapServer | None:
    """None when no server is set."""
    url = env.url("LDAP_URL", "", ("ldap", "ldaps"), doc=_("directory server, with the base as its path; unset: none"))
    bind_dn = env.text("LDAP_BIND_DN", doc=_("who reads the directory server; unset: from the URL, else anonymous"))
    password = env.text("LDAP_PASSWORD", doc=_("password of LDAP_BIND_DN"))
    base = env.text("LDAP_BASE", doc=_("below which entry the directory server is read; unset: path of the URL"))
    wanted = env.text("LDAP_FILTER", DEFAULT_FILTER, doc=_("which entries of the directory server are people"))
    starttls = env.choice(
        *("LDAP_STARTTLS", "auto", ("auto", "on", "off")),
        doc=_("encrypt the line to the directory server; auto: always, but on this machine"),
    )
    ca_file = env.text("LDAP_CA_FILE", doc=_("certificates that the directory server's must come from; unset: usual"))
    attributes = _attributes()
    department_from = env.choice(
        *("LDAP_DEPARTMENTS", "attribute", ("attribute", "ou")),
        doc=_("the department of a person: an attribute, or the organizational unit of the entry"),
    )
    percent = env.integer(
        "LDAP_VANISHING_PERCENT", 20, doc=_("a run that would remove more than this share stops and asks")
    )
    written = env.text("LDAP_AT", "02:30", doc=_("time of the nightly run; “never”: only when somebody asks"))
    at = env.time_of_day(written, f"{env.PREFIX}LDAP_AT")
    if url is None:
        return None
    if percent > 100:
        raise env.SettingError(f"MADOGUCHI_LDAP_VANISHING_PERCENT must be at most 100, not {percent}.")
    bind_dn = bind_dn or unquote(url.username or "")
    password = password or unquote(url.password or "")
    if bool(bind_dn) != bool(password):
        raise env.SettingError("MADOGUCHI_LDAP_BIND_DN and MADOGUCHI_LDAP_PASSWORD go together: set both or neither.")
    return LdapServer(
        host=url.hostname or "",
        port=url.port or (636 if url.scheme == "ldaps" else 389),
        tls=_tls(url, starttls),
        ca_file=_readable_certificates(ca_file),
        bind_dn=bind_dn,
        password=password,
        base=_base(url, base),
        filter=_balanced(wanted),
        attributes=attributes,
        department_from=department_from,
        vanishing_percent=percent,
        at=at,
    )


def _attributes() -> dict[str, Ways]:
    written = env.text(
        "LDAP_ATTRIBUTES", doc=_("attributes of the directory server: field=attribute|attribute, separated by commas")
    )
    try:
        return attributes_of(DEFAULT_ATTRIBUTES) | attributes_of(written)
    except ValueError as error:
        raise env.SettingError(f"MADOGUCHI_LDAP_ATTRIBUTES {error}.") from None


def _tls(url: SplitResult, starttls: str) -> str:
    if url.scheme == "ldaps":
        if starttls == "on":
            raise env.SettingError("MADOGUCHI_LDAP_STARTTLS belongs to ldap://; ldaps:// is encrypted from the start.")
        return "ldaps"
    if starttls == "auto":
        starttls = "off" if is_here(url.hostname or "") else "on"
    return "starttls" if starttls == "on" else "none"


def _base(url: SplitResult, base: str) -> str:
    path = unquote(url.path.strip("/"))
    if url.query or url.fragment:
        raise env.SettingError(
            "MADOGUCHI_LDAP_URL ends with its base; the filter and the attributes have settings of their own."
        )
    if path and base and path != base:
        raise env.SettingError("MADOGUCHI_LDAP_URL and MADOGUCHI_LDAP_BASE name different bases; leave one out.")
    base = base or path
    if "=" not in base:
        raise env.SettingError(
            "MADOGUCHI_LDAP_URL must end with its base, for instance"
            " ldaps://ldap.example.co.jp/ou=People,dc=example,dc=co,dc=jp."
        )
    return base


def _balanced(wanted: str) -> str:
    if not (wanted.startswith("(") and wanted.endswith(")") and wanted.count("(") == wanted.count(")")):
        raise env.SettingError(f"MADOGUCHI_LDAP_FILTER must be a filter like (mail=*), not {wanted!r}.")
    return wanted


def _readable_certificates(file: str) -> str | None:
    if not file:
        return None
    try:
        ssl.create_default_context(cafile=file)
    except (OSError, ssl.SSLError) as error:
        raise env.SettingError(f"MADOGUCHI_LDAP_CA_FILE names {file}, which holds no certificates: {error}.") from None
    return file
