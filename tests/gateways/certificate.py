"""A certificate of a test's own, made by the openssl command."""

import subprocess
from pathlib import Path


def made_for(address: str, folder: Path) -> tuple[Path, Path]:
    """Files of a certificate for an IP address, and of its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    named = ("-subj", "/CN=pbx", "-addext", f"subjectAltName=IP:{address}")
    files = ("-keyout", str(key), "-out", str(certificate))
    subprocess.run(["openssl", "req", "-x509", *kind, *named, *files], check=True, capture_output=True)
    return certificate, key
