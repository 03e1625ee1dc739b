"""The benches of the telephone: a real day in minutes, open boards, screens that pop, the records of all calls."""

import time
from collections.abc import Callable
from urllib.parse import quote

from madoguchi.bench import bank_figures
from madoguchi.bench.database import Database
from madoguchi.bench.measuring import Run
from madoguchi.bench.report import MILLI, Result, percentiles

_SPEED = 600.0
_CALLS = 2_375
_OPERATORS = 500
_CALLS_A_SECOND = 20
_WATCHED = 60.0  # seconds
_ON = "2010-08-01"  # as the file writes it; a Sunday, too, and long before the desk's own calls


def day(run: Run) -> list[Result]:
    """A day of real calls at 600 times its speed; every call once, the figures those of the file, the board live."""
    if not bank_figures.FILE.exists():
        return [run.result("day", note=f"{bank_figures.FILE.name} is not here")]
    desk = run.desk
    order = {"port": desk.port, "token": desk.token, "cookie": desk.cookie, "on": _ON, "zone": "Asia/Tokyo"}
    used = desk.cpu()
    found = desk.helper("banking", {**order, "calls": run.times(_CALLS), "speed": _SPEED / run.scale})
    used = desk.cpu() - used
    if found["listed"] != found["calls"]:
        raise RuntimeError(f"{found['calls']} calls were told, {found['listed']} are recorded.")
    if found["differences"]:
        raise RuntimeError(f"The report differs from the file: {'; '.join(found['differences'][:5])}")
    if len(found["looks"]) > found["moved"] * 2:
        raise RuntimeError(f"Of {len(found['looks'])} looks at the board only {found['moved']} saw another one.")
    note = (
        f"{found['calls']:,} calls, {found['events']:,} events in {found['seconds']:.0f} s,"
        f" at most {found['behind']:.1f} s behind; figures equal;"
        f" the board asked {len(found['looks'])} times moved {found['moved'] - 1} times, at most"
        f" {max(found['looks']):.2f} s"
    )
    cpu = round(used / found["events"] * MILLI, 2)
    return [run.beside("day", found["posts"], rate=round(found["events"] / found["seconds"], 1), cpu=cpu, note=note)]


def boards(run: Run) -> list[Result]:
    """Open boards while 20 calls a second ring at 500 operators: what one board asks for in a minute, and its cost."""
    desk = run.desk
    operators = [one["extension"] for one in run.inside("staffing", operators=run.times(_OPERATORS))]
    seconds = max(4.0, _WATCHED * run.scale)
    order = {"what": "boards", "port": desk.port, "token": desk.token, "cookie": desk.cookie, "operators": operators}
    order |= {"calls": max(1, _CALLS_A_SECOND * min(1.0, run.scale)), "seconds": seconds}
    results, alone = [], 0.0
    for opened in (0, 1, 5):
        used = desk.cpu()
        found = desk.helper("watching", order | {"boards": opened})
        minutes = found["seconds"] / 60
        used = (desk.cpu() - used) / minutes
        if not opened:
            alone = used  # the calls themselves
            continue
        asked = len(found["taken"]) / opened / minutes
        p50, p99 = percentiles(found["taken"])
        size = round(found["bytes"] / max(1, len(found["taken"])))
        note = (
            f"{asked:.0f} requests a minute and board, {(used - alone) / opened:.2f} s of processor a minute and board"
            f" ({alone:.1f} s for the calls themselves); {len(operators)} operators, {order['calls']:g} calls/s,"
            f" a post took at most {found['behind']:.2f} s"
        )
        results.append(run.result(f"boards {opened}", p50=p50, p99=p99, size=size, note=note))
    return results


def pops(run: Run) -> list[Result]:
    """From the post of an offer to the rung operator's telephone fragment, with 500 live connections.

    The floor: two round trips to the same server that do nothing.
    """
    desk = run.desk
    operators = run.inside("staffing", operators=run.times(_OPERATORS))
    order = {"what": "pops", "port": desk.port, "token": desk.token, "operators": operators}
    used = desk.cpu()
    offers = run.times(100)
    found = desk.helper("watching", order | {"offers": offers})
    used = desk.cpu() - used
    note = f"{len(operators)} live connections, one operator's each; goal p99 ≤ 200 ms above the floor"
    return [run.beside("pops", found["waits"], found["floor"], cpu=round(used / offers * MILLI, 2), note=note)]


def calls(run: Run) -> list[Result]:
    """The records of all the desk's calls: the list, those of one number, and a day's report by half hour.

    The floor of each is its rows in bare SQL, without door and rights.
    """
    run.desk.settle()
    database = run.desk.database
    last = database.row("SELECT MAX(started_at) AS at, COUNT(*) AS rows FROM telephony_call")
    if last is None or not last["rows"]:
        raise RuntimeError("The desk has no calls.")
    day = str(last["at"])[:10]
    number = database.rows(
        "SELECT address FROM interactions_interaction WHERE call_id IS NOT NULL AND address LIKE '+%' LIMIT ?",
        1,
    )[0]["address"]
    found, api = [], {"Authorization": f"Bearer {run.desk.token}"}
    for name, path, floor in (
        ("calls, list", "/api/v1/calls?limit=50", _bare_list),
        ("calls, of a number", f"/api/v1/calls?number={quote(number)}", lambda base: _bare_number(base, number)),
        ("calls, page of a number", f"/board/calls/?number={quote(number)}", lambda base: _bare_number(base, number)),
        ("calls, day", f"/api/v1/reports/calls?from={day}&to={day}&by=half_hour", lambda base: _bare_day(base, day)),
    ):
        headers = {"Cookie": run.desk.cookie, "Accept": "text/html"} if path.startswith("/board/") else api
        run.load(run.desk.port, [path], run.times(8), at_once=2, headers=headers)
        used = run.desk.cpu()
        taken = run.load(run.desk.port, [path], run.times(60), at_once=1, headers=headers)["taken"]
        cpu = round((run.desk.cpu() - used) / len(taken) * MILLI, 2)
        bare = [_seconds(floor, database) for _time in range(run.times(20))]
        found.append(run.beside(name, taken, bare, cpu=cpu, note=f"{last['rows']:,} calls"))
    return found


def _bare_list(database: Database) -> None:
    database.rows(
        "SELECT * FROM telephony_call WHERE merged_into_id IS NULL ORDER BY started_at DESC, id DESC LIMIT ?",
        50,
    )


def _bare_number(database: Database, number: str) -> None:
    database.rows(
        "SELECT c.* FROM interactions_interaction i JOIN telephony_call c ON c.id = i.call_id WHERE i.address = ?"
        " ORDER BY i.started_at DESC, i.id DESC LIMIT 50",
        number,
    )


def _bare_day(database: Database, day: str) -> None:
    """A day of the desk's zone is not a day of the database's; as long it is."""
    database.rows(
        "SELECT outcome, COUNT(*), SUM(wait_s), SUM(talk_s) FROM telephony_call WHERE started_at >= ?"
        " AND started_at < ? GROUP BY outcome",
        f"{day} 00:00:00",
        f"{day} 23:59:59",
    )


def _seconds(work: Callable[[Database], None], database: Database) -> float:
    begun = time.perf_counter()
    work(database)
    return time.perf_counter() - begun
