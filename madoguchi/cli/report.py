"""``madoguchi report NAME``: any report of the product, to read, as JSON, as CSV or as a workbook."""

import argparse
import json
import sys
from datetime import date

from django.conf import settings
from django.utils import translation

from madoguchi.foundation.dates import duration
from madoguchi.foundation.refusal import Refused
from madoguchi.foundation.spreadsheet import write_xlsx
from madoguchi.insight.reports.frame import Figure, Table, Unit, period_of
from madoguchi.insight.reports.registry import REPORTS, grouping, report_named, table
from madoguchi.web.shell.export import csv_lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help=", ".join(sorted(REPORTS)))
    parser.add_argument("--from", dest="first", required=True, metavar="D", help="first day, like 2026-04-01")
    parser.add_argument("--to", dest="last", required=True, metavar="D", help="last day")
    parser.add_argument("--by", default="", metavar="X", help="how rows are grouped: team, category, month …")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as the API answers it")
    form.add_argument("--csv", action="store_true", help="UTF-8 with a mark that Excel knows")
    form.add_argument("--xlsx", action="store_true", help="a workbook; send it into a file")


def run(arguments: argparse.Namespace) -> int:
    first, last = _day(arguments.first), _day(arguments.last)
    with translation.override("en"):  # what is refused, as all that commands say
        period_of(first, last)
        by = grouping(report_named(arguments.name, None), arguments.by)
    with translation.override(settings.LANGUAGE_CODE):
        found = table(arguments.name, first=first, last=last, by=by, access=None)
        if arguments.json:
            print(json.dumps(found.written(), ensure_ascii=False, indent=2))
        elif arguments.csv:
            for line in csv_lines(found.heads(), found.lines()):
                sys.stdout.write(line)
        elif arguments.xlsx:
            write_xlsx(sys.stdout.buffer, found.heads(), found.lines(), title=str(found.report.label))
        else:
            _print(found)
    return 0


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise Refused(f"{written} is no day; write it like 2026-04-01.") from error


def _print(found: Table) -> None:
    print(f"{found.report.label} {found.period.first} – {found.period.last}")
    for row in (*found.rows, found.total):
        print(f"\n{row.label}")
        for column in found.report.columns:
            print(f"  {column.label}: {_figure(row.figures[column.key], column.unit)}")


def _figure(figure: Figure, unit: Unit) -> str:
    if figure is None:
        return "–"
    if unit is Unit.SHARE:
        return f"{figure:.1%}"
    if unit is Unit.SECONDS:
        return duration(figure)
    if unit is Unit.CLOCK:
        return f"{round(figure) // 60}:{round(figure) % 60:02}"
    return f"{figure:.2f}" if unit is Unit.AVERAGE else f"{figure:,}"
