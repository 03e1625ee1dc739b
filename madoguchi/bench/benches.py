"""What is measured: each bench asks a running desk through its doors, beside its floor."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from madoguchi.bench import calling, knowing
from madoguchi.bench.bare_pages import template_of
from madoguchi.bench.house import free_port, serving, wait_for
from madoguchi.bench.measuring import AT_ONCE, WARM, Run
from madoguchi.bench.report import MILLI, Result, percentiles
from madoguchi.foundation import damm

_ENTRIES = 20
_SAMPLE = 20_000
_SETTLING = 5.0  # seconds until what starts has started
_RARE = 100  # texts
_CANDIDATES = 300
_DUE = 1_000  # deadlines
_SUMS = 1_000_000
_FREQUENT = 0.2  # of all texts
_WORD = re.compile(r"[一-鿿]{2,4}")
_BODY = (
    "お世話になっております。\n今朝からメールの送信ができず、エラー 0x800CCC0E が表示されます。\nご確認をお願いします。"
)


def _api(run: Run) -> dict[str, str]:
    return {"Authorization": f"Bearer {run.desk.token}", "Content-Type": "application/json"}


def _page(run: Run) -> dict[str, str]:
    return {"Cookie": run.desk.cookie, "Accept": "text/html"}


def _new_ticket() -> str:
    requester = {"name": "山田 花子", "email": "hanako.yamada@customer.example"}
    ticket = {"subject": "メールが送信できません {n}", "body": _BODY, "category": "mail-trouble", "channel": "web"}
    return json.dumps({**ticket, "requester": requester}, ensure_ascii=False)


def open_ticket(run: Run) -> list[Result]:
    """A ticket raised through the API."""
    order: dict[str, Any] = {"method": "POST", "headers": _api(run), "body": _new_ticket(), "expect": 201}
    result = run.measure("open", ["/api/v1/tickets"], alone=100, busy=800, **order)
    return [_beside_floor(run, result, "ticket.opened")]


def post_message(run: Run) -> list[Result]:
    """A public answer through the API, which goes out by mail."""
    paths = [f"/api/v1/tickets/{number}/messages" for number in _new_tickets(run, AT_ONCE * 4)]
    body = json.dumps(
        {"body": "お調べしました。設定を直しましたので、再度お試しください。 {n}", "visibility": "public"}
    )
    order: dict[str, Any] = {"method": "POST", "headers": _api(run), "body": body, "expect": 201}
    result = run.measure("post", paths, alone=60, busy=300, **order)
    return [_beside_floor(run, result, "message.posted")]


def ticket_list(run: Run) -> list[Result]:
    """The list of open tickets, 50 rows."""
    run.desk.settle()
    floor = _page_floor(run, "list", ["/tickets/"])
    return [run.measure("list", ["/tickets/"], alone=100, busy=400, floor=floor, headers=_page(run))]


def ticket_page(run: Run) -> list[Result]:
    """A ticket with twenty entries in its timeline."""
    numbers = _new_tickets(run, AT_ONCE)
    notes = {"method": "POST", "headers": _api(run), "expect": 201}
    note = json.dumps({"body": "調査中です。サーバーの記録を確かめました。 {n}", "visibility": "internal"})
    paths = [f"/api/v1/tickets/{number}/messages" for number in numbers]
    run.load(run.desk.port, paths, len(paths) * (_ENTRIES - 1), at_once=1, body=note, **notes)
    run.desk.settle()
    pages = [f"/tickets/{number}/" for number in numbers]
    floor = _page_floor(run, "ticket", [page.rstrip("/") for page in pages])
    return [run.measure("ticket", pages, alone=100, busy=400, floor=floor, headers=_page(run))]


def search(run: Run) -> list[Result]:
    """The list for a word that few texts hold, and for one that many hold, in all states."""
    run.desk.settle()
    results = []
    for bench, (word, share) in zip(("search rare", "search frequent"), _words(run), strict=True):
        path = f"/tickets/?status=all&q={quote(word)}"
        quoted = f'"{word}"' if run.engine == "sqlite" else f"'{word}'"
        floor = _page_floor(run, "search", [path], word=quoted, rare=bench == "search rare")
        result = run.measure(bench, [path], alone=60, busy=120, floor=floor, headers=_page(run))
        results.append(replace(result, note=f"{word}, in {share:,} texts"))
    return results


def lists(run: Run) -> list[Result]:
    """Other lists and sorts that the pages offer, and look-ups of people: a few requests each, to see what grows."""
    run.desk.settle()
    results = []
    for name, path in _LISTS.items():
        order = {"headers": _page(run)}
        run.load(run.desk.port, [path], run.times(8), at_once=2, **order)
        used = run.desk.cpu()
        found = run.load(run.desk.port, [path], run.times(40), at_once=1, **order)
        used = run.desk.cpu() - used
        cpu = round(used / len(found["taken"]) * MILLI, 2)
        results.append(run.beside(name, found["taken"], cpu=cpu, size=found["bytes"]))
    return results


_LISTS = {
    "list, all states": "/tickets/?status=all",
    "list, closed, of one team": "/tickets/?status=closed&team=3",
    "list, open, urgent": "/tickets/?priority=urgent",
    "list, oldest first": "/tickets/?order=age",
    "list, call-backs": "/tickets/?order=call_back",
    "list, nobody's": "/tickets/?assignee=none",
    "list, far back": "/tickets/?status=all&cursor=2026-01-15T00%3A00%3A00%2B00%3A00_1",
    "seat": "/workbench/",
    "hand-offs": "/handoffs/",
    "people by name": "/people/?q=" + quote("さとう"),
    "people, rare name": "/people/?q=" + quote("勅使河原"),
    "people by number": "/people/?q=08000000001",
    "administration": "/administration/",
}


def board(run: Run) -> list[Result]:
    """The supervisor's board with today's counts by team."""
    return [run.measure("board", ["/board/"], alone=60, busy=200, headers=_page(run))]


def wake(run: Run) -> list[Result]:
    """From a telephone event at the door to its ring in every browser, beside a loopback round trip."""
    order = {"port": run.desk.port, "cookie": run.desk.cookie, "token": run.desk.token}
    results = []
    for browsers in (200, 500):
        used = run.desk.cpu()
        connections, events = run.times(browsers), run.times(40)
        found = run.desk.helper("wakeups", {**order, "connections": connections, "events": events})
        used = run.desk.cpu() - used
        if found["missed"]:
            raise RuntimeError(f"{found['missed']} wake-ups never came.")
        note = f"{connections} live connections, all woken by each event"
        cpu = round(used / events * MILLI, 2)
        results.append(run.beside(f"wake {browsers}", found["waits"], found["floor"], cpu=cpu, note=note))
    return results


def mails(run: Run) -> list[Result]:
    """Mails taken in by SMTP, each acknowledged when it is a ticket."""
    order = {"port": run.desk.mail_port, "at_once": AT_ONCE}
    run.desk.helper("mails", {**order, "mails": run.times(WARM)})
    used = run.desk.cpu()
    found = run.desk.helper("mails", {**order, "mails": run.times(300)})
    used = run.desk.cpu() - used
    if found["wrong"]:
        raise RuntimeError(f"The mail door answered {found['wrong'][0]}")
    rate = round(len(found["taken"]) / found["seconds"], 1)
    cpu = round(used / len(found["taken"]) * MILLI, 2)
    busy = percentiles(found["taken"])[0]
    note = "the worker's indexing included"
    result = run.result("mails", at_once=AT_ONCE, rate=rate, busy_p50=busy, cpu=cpu, note=note)
    return [_beside_floor(run, result, "mail.received")]


def memory(run: Run) -> list[Result]:
    """What the application holds after all this, without the database server."""
    held = run.desk.memory()
    return [run.result("memory", size=held, note=f"{held / 2**20:.0f} MB in all processes, after the load")]


def rest(run: Run) -> list[Result]:
    """What the application holds when it has just answered a page: one web worker, no sentence encoder."""
    port, mail_port = free_port(), free_port()
    environment = {
        **run.desk.environment,
        "MADOGUCHI_WEB_WORKERS": "1",
        "MADOGUCHI_SMTP_LISTEN": f"127.0.0.1:{mail_port}",
    }
    quiet = replace(run.desk, port=port, mail_port=mail_port, environment=environment, roots=[])
    with serving(quiet):
        quiet.get("/tickets/")
        time.sleep(_SETTLING)
        held = quiet.memory()
    return [run.result("memory at rest", size=held, note=f"{held / 2**20:.0f} MB: one web worker, no encoder")]


def wire(run: Run) -> list[Result]:
    """HTML, CSS and JavaScript of a first page as they travel, compressed."""
    results = []
    for name, path in (("list", "/tickets/"), ("seat", "/workbench/"), ("board", "/board/")):
        parts = run.desk.first_page(path)
        note = ", ".join(f"{kind} {size / 1000:.1f}" for kind, size in parts.items())
        total = sum(parts.values())
        results.append(run.result(f"wire, {name}", size=total, note=f"{total / 1000:.1f} kB ({note})"))
    return results


def calendar(run: Run) -> list[Result]:
    """Deadlines in working time; the desk only lends its settings."""
    order = {"sums": run.times(_SUMS), "engine": run.engine, "tickets": run.tickets}
    return [Result(**run.inside("working_time", **order))]


def sweep(run: Run) -> list[Result]:
    """A thousand deadlines that are reached, among as many open ones as there are tickets; told one by one."""
    due = run.times(_DUE)
    taken = run.inside("sweeping", due=due)
    return [
        run.result(
            "sweep",
            rate=round(taken["swept"] / taken["seconds"], 1),
            cpu=round(taken["cpu"] / taken["swept"] * MILLI, 2),
            floor_rate=round(due / taken["bare"], 1),
            ratio=round(taken["seconds"] / taken["bare"], 2),
            note=f"{taken['swept']:,} due of {taken['open']:,} open",
        )
    ]


def questions(run: Run) -> list[Result]:
    """Questions to departments: the list, a department's history (beside their rows in bare SQL), chat messages."""
    found = run.inside("asking", times=run.times(40), messages=run.times(200))
    note = f"{found['asked']:,} questions"
    results = [
        run.beside(bench, found[name]["taken"], found[name]["floor"], note=note)
        for bench, name in (("questions", "questions"), ("history of a department", "history"))
    ]
    sent = found["messages"]
    rate, floor_rate = (round(sent["posted"] / sent[key], 1) for key in ("taken", "floor"))
    ratio = round(floor_rate / rate, 2)
    return [*results, run.result("chat messages", rate=rate, floor_rate=floor_rate, ratio=ratio)]


# In this order: what only reads comes before what writes much, memory last.
BENCHES: Mapping[str, Callable[[Run], list[Result]]] = {
    "rest": rest,
    "wire": wire,
    "list": ticket_list,
    "ticket": ticket_page,
    "search": search,
    "board": board,
    "lists": lists,
    "wake": wake,
    "open": open_ticket,
    "post": post_message,
    "mails": mails,
    "calendar": calendar,
    "sweep": sweep,
    "questions": questions,
    "suggest": knowing.suggest,
    "similar": knowing.similar,
    "gaps": knowing.gaps,
    "scripts": knowing.script_figures,
    "calls": calling.calls,
    "boards": calling.boards,
    "pops": calling.pops,
    "day": calling.day,
    "memory": memory,
}


def _new_tickets(run: Run, how_many: int) -> list[str]:
    """Raise tickets; their numbers."""
    order: dict[str, Any] = {"method": "POST", "headers": _api(run), "body": _new_ticket(), "expect": 201}
    run.load(run.desk.port, ["/api/v1/tickets"], how_many, at_once=1, **order)
    rows = run.desk.database.rows("SELECT id FROM tickets_ticket ORDER BY id DESC LIMIT ?", how_many)
    return [f"{row['id']}{damm.check_digit(str(row['id']))}" for row in rows]


def _beside_floor(run: Run, result: Result, kind: str) -> Result:
    """The result with the rate of the same rows in bare SQL."""
    run.desk.settle()
    database = run.desk.database
    order = {"engine": database.engine, "place": database.place, "kind": kind, "at_once": AT_ONCE}
    found = run.desk.helper("floors", {**order, "times": run.times(400)})
    rate = round(run.times(400) / found["seconds"], 1)
    return replace(result, floor_rate=rate, ratio=round(rate / (result.rate or rate), 2))


def _page_floor(run: Run, kind: str, paths: list[str], **more: str | bool) -> dict[str, float]:
    """The rate and p50 of the bare page."""
    database, port = run.desk.database, free_port()
    order = {"engine": database.engine, "place": database.place, "kind": kind, **more}
    file = run.desk.folder / f"bare-{kind}.json"
    slash = "/" if kind == "ticket" else ""
    file.write_text(
        json.dumps({**order, "template": template_of(kind, run.desk.get(paths[0] + slash))}), encoding="utf-8"
    )
    words = [sys.executable, "-m", "madoguchi.bench.bare_pages", str(file), str(port)]
    server = subprocess.Popen(words, env=run.desk.environment, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for(port, server)
        run.load(port, paths, run.times(WARM), at_once=AT_ONCE)
        single = run.load(port, paths, run.times(100), at_once=1)
        many = run.load(port, paths, run.times(400), at_once=AT_ONCE)
    finally:
        os.killpg(server.pid, signal.SIGKILL)  # asked to end, it now and then does not; it keeps nothing
        server.wait()
    return {"rate": round(len(many["taken"]) / many["seconds"], 1), "p50": percentiles(single["taken"])[0]}


def _words(run: Run) -> list[tuple[str, int]]:
    """A word in about a hundred texts and one in about a fifth of all, with the number of texts that hold it.

    They are chosen by a sample; then the index itself counts.
    """
    step = max(1, run.tickets // _SAMPLE)
    rows = run.desk.database.rows("SELECT terms FROM search_document WHERE kind = 'ticket' AND ref % ? = 0", step)
    held: Counter[str] = Counter()
    for row in rows:
        held.update({term for term in row["terms"].split() if _WORD.fullmatch(term)})
    if not held:
        raise RuntimeError("No text is indexed.")

    rare = min(_RARE, len(rows) / 20)  # the sample holds many such words once, and cannot tell them apart

    def nearest(texts: float) -> tuple[str, int]:
        likely = sorted(held, key=lambda term: (abs(held[term] * step - texts), term))[
            : _CANDIDATES if texts == rare else 8
        ]
        counted = {term: _texts_with(run, term) for term in likely}
        word = min(counted, key=lambda term: (abs(counted[term] - texts), term))
        return word, counted[word]

    return [nearest(rare), nearest(_FREQUENT * len(rows) * step)]


def _texts_with(run: Run, term: str) -> int:
    if run.engine == "sqlite":
        query = "SELECT COUNT(*) AS texts FROM search_fts_ticket WHERE search_fts_ticket MATCH ?"
        row = run.desk.database.row(query, f'"{term}"')
    else:
        query = "SELECT COUNT(*) AS texts FROM search_document WHERE words @@ ?::tsquery"
        row = run.desk.database.row(query, f"'{term}'")
    return int(row["texts"]) if row else 0
