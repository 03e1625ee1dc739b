"""``madoguchi calls reconcile``: has every call that the telephone system wrote down a record here?"""

import argparse
import json
import sys
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import override

from madoguchi.config.cdr import cdr_source
from madoguchi.config.environment import SettingError
from madoguchi.foundation.refusal import Refused
from madoguchi.telephony.models import Reconciliation
from madoguchi.telephony.reconcile.run import reconcile
from madoguchi.telephony.reconcile.sources import UnreadableSource

_NAMED = ("kind", "place", "call_id", "at", "text")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        metavar="FILE.csv|URL",
        help="a file of cdr_csv or cdr_custom, or postgresql://… or sqlite:///…, with ?table=, pbx=, time_zone=",
    )
    parser.add_argument("--from", dest="since", type=_moment, metavar="TIME", help="calls that began from then on")
    parser.add_argument("--to", dest="until", type=_moment, metavar="TIME", help="and before then")
    parser.add_argument("--json", action="store_true", help="all of it as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """0: every row has a record, 1: some have none, 2: the source cannot be read."""
    try:
        source = cdr_source(arguments.source, settings.TIME_ZONE, settings.ASTERISK, what="The source")
    except SettingError as error:
        raise Refused(str(error)) from None
    try:
        done = reconcile(source, since=arguments.since, until=arguments.until)
    except UnreadableSource as error:
        print(error, file=sys.stderr)
        return 2
    with override("en"):  # as all that commands say
        _tell(done, as_json=arguments.json)
    return 0 if done.percentage == 100 else 1


def _tell(done: Reconciliation, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_told(done), ensure_ascii=False, indent=2))
    else:
        _print(done)


def _print(done: Reconciliation) -> None:
    print(f"{done.percentage:g} % of {done.rows:,} rows have a record of their call.")
    print(
        f"{done.matched:,} had one; {done.recovered:,} got one ({done.recovered_calls:,} calls recovered);"
        f" {done.completed:,} calls completed; {done.refused:,} rows cannot be read."
    )
    for _alike, (one, *more) in groupby(done.told(), key=itemgetter("kind", "call_id", "at", "text")):
        place = f"row {one['place']}" if one["place"] is not None else ""
        place += f" and {len(more)} more" if more else ""
        print(*(part for part in (one["kind"], place, one["call_id"], one["at"], one["text"]) if part), sep="  ")
    if done.unnamed:
        print(f"… and {done.unnamed:,} more.")


def _told(done: Reconciliation) -> dict[str, object]:
    names = ("source", "rows", "matched", "recovered", "refused", "completed", "recovered_calls", "shift_s")
    return {
        "percentage": done.percentage,
        **{name: getattr(done, name) for name in names},
        "from": done.since.isoformat() if done.since else None,
        "to": done.until.isoformat() if done.until else None,
        "ran_at": done.ran_at.isoformat(),
        "differences": [{key: one[key] for key in _NAMED} for one in done.told()],
        "unnamed": done.unnamed,
    }


def _moment(written: str) -> datetime:
    """A day or a time; without an offset it is the desk's own."""
    try:
        day, moment = parse_date(written), parse_datetime(written)
    except ValueError:
        day = moment = None
    if moment is None and day is not None:
        moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001 (made aware below)
    if moment is None:
        raise argparse.ArgumentTypeError(f"{written!r} is neither a day nor a time, such as 2026-11-21T14:00")
    return moment if moment.tzinfo else timezone.make_aware(moment)
