"""A real OpenLDAP of our own: its schema, its certificates, and a company of ten thousand."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import ldap3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from madoguchi.directory.server import DEFAULT_ATTRIBUTES, DEFAULT_FILTER, LdapServer, attributes_of

SLAPD = shutil.which("slapd") or "/usr/sbin/slapd"
SUFFIX = "dc=example,dc=co,dc=jp"
ADMIN, READER, LIMITED = (f"cn={name},{SUFFIX}" for name in ("admin", "reader", "limited"))
BIG = f"ou=big,{SUFFIX}"
PEOPLE_OF_BIG = 3_000
_SCHEMA = Path("/etc/ldap/schema")

# What an entry of Active Directory has beyond inetOrgPerson, under numbers of our own.
_ACTIVE_DIRECTORY = """
attributetype ( 1.1.2.1 NAME 'objectGUID' EQUALITY octetStringMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 SINGLE-VALUE )
attributetype ( 1.1.2.2 NAME 'sAMAccountType' EQUALITY integerMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.1.2.3 NAME 'userAccountControl' EQUALITY integerMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE )
attributetype ( 1.1.2.4 NAME 'department' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.1.2.5 NAME 'ipPhone' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.1.2.6 NAME 'msDS-PhoneticDisplayName' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.1.2.7 NAME 'msDS-PhoneticDepartment' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.1.3.1 NAME 'user' SUP top STRUCTURAL MUST ( cn ) MAY ( objectGUID $ sAMAccountType $ userAccountControl
  $ department $ ipPhone $ msDS-PhoneticDisplayName $ msDS-PhoneticDepartment $ displayName $ mail $ telephoneNumber
  $ mobile $ title $ sn $ description ) )
"""


@dataclass(frozen=True)
class Slapd:
    port: int
    tls_port: int
    ca: Path
    other_ca: Path  # the server's certificate is not from this one

    def settings(self, base: str = SUFFIX, **changes: object) -> LdapServer:
        """How the desk reads it: as the reader, without encryption."""
        plain = LdapServer(
            host="127.0.0.1",
            port=self.port,
            tls="none",
            ca_file=str(self.ca),
            bind_dn=READER,
            password="secret",
            base=base,
            filter=DEFAULT_FILTER,
            attributes=attributes_of(DEFAULT_ATTRIBUTES),
            department_from="attribute",
            vanishing_percent=20,
            at=None,
        )
        return replace(plain, **changes)  # type: ignore[arg-type]

    @contextmanager
    def admin(self) -> Iterator[ldap3.Connection]:
        server = ldap3.Server("127.0.0.1", self.port, get_info=ldap3.NONE)
        with ldap3.Connection(server, ADMIN, "secret", auto_bind=True, raise_exceptions=True) as connection:
            yield connection


@dataclass
class Company:
    """A subtree of one test: what stands below ``base`` is this test's alone."""

    slapd: Slapd
    base: str

    @property
    def server(self) -> LdapServer:
        return self.slapd.settings(self.base)

    def hire(self, uid: str, name: str, department: str = "総務部", **more: object) -> str:
        """A person with a mail address; their DN."""
        dn = f"uid={uid},{self.base}"
        attributes: dict[str, object] = {"cn": name, "sn": name, "mail": f"{uid}@example.co.jp", "ou": department}
        attributes |= {_attribute(key): value for key, value in more.items()}
        with self.slapd.admin() as admin:
            admin.add(dn, ["inetOrgPerson"], {key: value for key, value in attributes.items() if value})
        return dn

    def change(self, dn: str, **values: object) -> None:
        with self.slapd.admin() as admin:
            admin.modify(dn, {key: [(ldap3.MODIFY_REPLACE, [value] if value else [])] for key, value in values.items()})

    def rename(self, dn: str, rdn: str, *, below: str | None = None) -> str:
        with self.slapd.admin() as admin:
            admin.modify_dn(dn, rdn, new_superior=below)
        return f"{rdn},{below or self.base}"

    def unit(self, name: str, *, below: str | None = None, **more: object) -> str:
        dn = f"ou={name},{below or self.base}"
        with self.slapd.admin() as admin:
            admin.add(dn, ["organizationalUnit"], {_attribute(key): value for key, value in more.items()})
        return dn

    def leave(self, dn: str) -> None:
        with self.slapd.admin() as admin:
            admin.delete(dn)


def _attribute(name: str) -> str:
    """``cn__lang_ja`` is ``cn;lang-ja``."""
    return name.replace("__", ";").replace("_", "-")


def start(folder: Path) -> Iterator[Slapd]:
    """Load and run a server until the generator is closed."""
    ca, other = folder / "ca.pem", folder / "other-ca.pem"
    _certificates(folder)
    (folder / "db").mkdir()
    (folder / "ad.schema").write_text(_ACTIVE_DIRECTORY, encoding="utf-8")
    config = folder / "slapd.conf"
    config.write_text(
        f"""
include {_SCHEMA}/core.schema
include {_SCHEMA}/cosine.schema
include {_SCHEMA}/inetorgperson.schema
include {folder}/ad.schema
attributeoptions lang- phonetic
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile {ca}
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
sizelimit 500
database mdb
suffix "{SUFFIX}"
rootdn "{ADMIN}"
rootpw secret
directory {folder}/db
maxsize 268435456
dbnosync
index objectClass,entryUUID eq
limits dn.exact="{READER}" size.soft=500 size.hard=500 size.prtotal=unlimited
limits dn.exact="{LIMITED}" size.soft=500 size.hard=500 size.prtotal=1200
""",
        encoding="utf-8",
    )
    load = [SLAPD, "-T", "add", "-q", "-f", str(config), "-l", str(_company(folder))]
    subprocess.run(load, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    port, tls_port = _free_port(), _free_port()
    lines = f"ldap://127.0.0.1:{port} ldap://127.0.0.2:{port} ldaps://127.0.0.1:{tls_port}"
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "TERM", SLAPD, "-f", str(config), "-h", lines, "-d", "0"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    for _ in range(1200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    else:
        process.kill()
        raise RuntimeError(f"slapd does not start: {process.communicate()[1].decode()}")
    try:
        yield Slapd(port, tls_port, ca, other)
    finally:
        process.terminate()
        process.wait(60)


def _company(folder: Path) -> Path:
    """A file that slapadd reads: the accounts, and everybody of the big company."""
    file = folder / "company.ldif"
    account = "objectClass: organizationalRole\nobjectClass: simpleSecurityObject\nuserPassword: secret\n"
    heads = [
        f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: みなと\ndc: example\n",
        f"dn: {READER}\n{account}cn: reader\n",
        f"dn: {LIMITED}\n{account}cn: limited\n",
        f"dn: {BIG}\nobjectClass: organizationalUnit\nou: big\n",
    ]
    people = (
        f"dn: uid=u{n:05},{BIG}\nobjectClass: inetOrgPerson\nuid: u{n:05}\ncn: Taro Yamada {n}\n"
        f"cn;lang-ja: 山田 太郎{n}\ncn;lang-ja;phonetic: ヤマダ タロウ{n}\nsn: Yamada\nmail: u{n:05}@example.co.jp\n"
        f"telephoneNumber: 03-{1000 + n // 10000}-{n % 10000:04}\ntitle: 主任\nou: 第{n % 50 + 1}営業部\n"
        for n in range(PEOPLE_OF_BIG)
    )
    file.write_text("\n".join([*heads, *people]), encoding="utf-8")
    return file


def _certificates(folder: Path) -> None:
    """``ca.pem`` with the server's certificate for 127.0.0.1, and ``other-ca.pem``, which signed nothing."""
    authority, key = _certificate("Our CA")
    (folder / "ca.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    other, _ = _certificate("Another CA")
    (folder / "other-ca.pem").write_bytes(other.public_bytes(serialization.Encoding.PEM))
    own, own_key = _certificate("127.0.0.1", authority, key)
    (folder / "server.pem").write_bytes(own.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        own_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def _certificate(
    name: str, issuer: x509.Certificate | None = None, issuer_key: ec.EllipticCurvePrivateKey | None = None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signing = issuer_key or key
    usage = {
        "digital_signature": True, "content_commitment": False, "key_encipherment": False, "data_encipherment": False,
        "key_agreement": False, "key_cert_sign": issuer is None, "crl_sign": issuer is None, "encipher_only": False,
        "decipher_only": False,
    }  # fmt: skip
    building = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    if issuer:
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))])
        building = building.add_extension(names, critical=False)
    return building.sign(signing, hashes.SHA256()), key


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


IS_MISSING = not os.access(SLAPD, os.X_OK)
