"""Reports on their pages: who may read them, what a figure opens to, and the same as a file."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from madoguchi.telephony.actions.set_operator_state import set_operator_state
from madoguchi.telephony.models import OperatorState
from tests.cast import Cast
from tests.insight.test_reports import moved, opened

SignIn = Callable[..., Client]


def body(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text: str = content.decode("utf-8-sig")
    return text


def test_a_figure_opens_to_the_tickets_behind_it(cast: Cast, sign_in: SignIn) -> None:
    opened(cast, "動かない件")
    went = opened(cast, "動いた件")
    moved(went, cast.network, sender=cast.sato, receiver=cast.ito)
    client = sign_in(cast.hayashi)
    assert "チケットごとの移動回数" in body(client.get("/insight/"))
    html = body(client.get("/insight/moves/?by=team"))
    assert "受け取られた引き継ぎ" in html
    link = next(
        unescape(found)
        for found in re.findall(r'href="([^"]+)"', html)
        if "row=call-centre&amp;figure=moves_1" in found
    )
    listed = body(client.get(link))
    assert "動いた件" in listed
    assert "動かない件" not in listed


def test_a_report_costs_the_same_for_any_number_of_rows(
    cast: Cast, sign_in: SignIn, django_assert_num_queries: Any
) -> None:
    client = sign_in(cast.hayashi)
    opened(cast)
    client.get("/insight/moves/")
    with django_assert_num_queries(6):
        client.get("/insight/moves/")
    opened(cast, front=cast.partner)
    opened(cast, front=cast.network)
    with django_assert_num_queries(6):
        client.get("/insight/moves/")


@pytest.mark.parametrize("name", ["moves", "returns", "ping-pong", "time-by-team", "operators"])
def test_every_report_is_a_page_and_a_file(cast: Cast, sign_in: SignIn, name: str) -> None:
    opened(cast)
    client = sign_in(cast.watanabe)
    assert client.get(f"/insight/{name}/").status_code == 200
    assert "合計" in body(client.get(f"/insight/{name}/csv/"))
    workbook: Any = client.get(f"/insight/{name}/xlsx/")
    assert b"".join(workbook.streaming_content).startswith(b"PK")


def test_what_makes_no_sense_is_refused_in_a_sentence(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.hayashi)
    assert client.get("/insight/nothing/").status_code == 404
    assert client.get("/insight/moves/?by=weather").status_code == 422
    assert client.get("/insight/moves/?from=2026-02-01&to=2026-01-01").status_code == 422
    assert client.get("/insight/moves/?from=yesterday&to=2026-99-99").status_code == 200
    assert client.get("/insight/moves/tickets/?figure=nothing").status_code == 404


def test_a_knowledge_keeper_reads_reports_and_watches_no_board(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.kimura)
    assert 'href="/insight/"' in client.get("/knowledge/").content.decode()
    assert client.get("/insight/knowledge-links/").status_code == 200
    assert client.get("/board/").status_code == 403


@pytest.mark.parametrize(("who", "status"), [("kimura", 403), ("watanabe", 200), ("hayashi", 200)])
def test_how_long_each_operator_worked_is_for_those_who_watch_the_board(
    cast: Cast, sign_in: SignIn, who: str, status: int
) -> None:
    client = sign_in(getattr(cast, who))
    assert ('href="/insight/operators/"' in body(client.get("/insight/"))) is (status == 200)
    for address in ("", "csv/", "xlsx/"):
        assert client.get(f"/insight/operators/{address}").status_code == status


@pytest.mark.parametrize("who", ["sato", "ogawa", "mori", "outsider"])
def test_who_is_not_to_read_reports_reads_none(cast: Cast, sign_in: SignIn, who: str) -> None:
    client = sign_in(getattr(cast, who))
    for address in ("", "moves/", "moves/tickets/?figure=tickets", "moves/csv/", "moves/xlsx/"):
        assert client.get(f"/insight/{address}").status_code == 403


def test_figures_that_are_not_of_tickets_lead_nowhere(cast: Cast, sign_in: SignIn) -> None:
    set_operator_state(cast.sato, "available", by=cast.sato)
    OperatorState.objects.update(since=timezone.now() - timedelta(minutes=5))
    client = sign_in(cast.hayashi)
    for by in ("staff", "team", "day", "half_hour"):
        page = client.get(f"/insight/operators/?by={by}").content.decode()
        assert "100.0%" in page
        assert "/insight/operators/tickets/" not in page
    assert client.get("/insight/operators/tickets/?figure=talk_s").status_code == 404
