"""Call data records as an Asterisk writes them, in these tests."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from madoguchi.telephony.models import Reconciliation
from madoguchi.telephony.providers.asterisk.pbx import Pbx
from madoguchi.telephony.reconcile.sources import CdrSource

NOON = datetime(2026, 8, 21, 3, 0, tzinfo=UTC)
ROW = {
    "accountcode": "",
    "src": "09011112222",
    "dst": "0350000001",
    "dcontext": "from-trunk",
    "clid": '"" <09011112222>',
    "channel": "PJSIP/trunk-00000001",
    "dstchannel": "PJSIP/1001-00000002",
    "lastapp": "Queue",
    "lastdata": "desk,t",
    "start": "2026-08-21 12:00:00",
    "answer": "2026-08-21 12:00:00",
    "end": "2026-08-21 12:00:30",
    "duration": "30",
    "billsec": "30",
    "disposition": "ANSWERED",
    "amaflags": "DOCUMENTATION",
    "uniqueid": "1.1",
    "userfield": "",
}
COLUMNS = list(ROW)


def at(hour: int, day: int = 21) -> datetime:
    return datetime(2026, 8, day, hour, tzinfo=UTC)


def source(path: Path, **options: Any) -> CdrSource:
    given: dict[str, Any] = {"kind": "file", "time_zone": "UTC", "sender": "asterisk", "naming": Pbx(), **options}
    return CdrSource(name=path.name, address=str(path), **given)


def kinds(done: Reconciliation) -> list[str]:
    return [one["kind"] for one in done.differences]


def written(**fields: str) -> list[str]:
    """A line of cdr_csv; times of Tokyo."""
    return [{**ROW, **fields}[name] for name in COLUMNS]


def saved(path: Path, *lines: list[str] | bytes) -> Path:
    made = b""
    for line in lines:
        if isinstance(line, bytes):
            made += line + b"\n"
        else:
            text = io.StringIO()
            csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(line)
            made += text.getvalue().encode()
    path.write_bytes(made)
    return path
