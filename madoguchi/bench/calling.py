"""The benches of the telephone: a real day told in a few minutes."""

from madoguchi.bench import bank_figures
from madoguchi.bench.measuring import Run
from madoguchi.bench.report import MILLI, Result

_SPEED = 600.0
_CALLS = 2_375
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
    note = (
        f"{found['calls']:,} calls, {found['events']:,} events in {found['seconds']:.0f} s,"
        f" at most {found['behind']:.1f} s behind; figures equal;"
        f" the board asked {len(found['looks'])} times moved {found['moved'] - 1} times, at most"
        f" {max(found['looks']):.2f} s"
    )
    cpu = round(used / found["events"] * MILLI, 2)
    return [run.beside("day", found["posts"], rate=round(found["events"] / found["seconds"], 1), cpu=cpu, note=note)]
