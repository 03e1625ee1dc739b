"""Whatever the evidence, nobody is shown, told the number of, or given a hint of what they may not see."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from madoguchi.insight.gaps.models import Evidence, Gap
from madoguchi.insight.gaps.queries import AGAIN, Asked, figures, gap_list
from madoguchi.knowledge.models import Place, Search
from madoguchi.people.access import access_of
from madoguchi.people.models import Staff, Team
from tests.cast import Cast
from tests.insight.gaps.desk import ticket

type SignIn = Callable[[Staff], Client]

ASKED = st.lists(
    st.tuples(st.sampled_from(["ticket", "search"]), st.booleans(), st.booleans(), st.integers(0, 2), st.booleans()),
    min_size=1,
    max_size=14,
)


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ASKED, states=st.lists(st.sampled_from(Gap.State.values), min_size=3, max_size=3))
def test_partners_see_and_count_their_own_alone(
    cast: Cast, sign_in: SignIn, settings: Any, rows: list[tuple[str, bool, bool, int, bool]], states: list[str]
) -> None:
    """``rows``: ticket or search, of the partner, known by a question to a department alone, gap, asked since."""
    settings.ENCODER = False
    Evidence.objects.all().delete()
    Gap.objects.all().delete()
    now = timezone.now()
    gaps = [
        Gap.objects.create(
            title=f"極秘の見出し{place}",
            state=state,
            is_kept=True,
            owner=cast.kimura,
            note="極秘の覚書",
            written_at=now - timedelta(days=7) if state == "written" else None,
            closed_at=now - timedelta(days=7) if state == "closed" else None,
        )
        for place, state in enumerate(states)
    ]
    made = [_evidence(cast, place, row, gaps) for place, row in enumerate(rows)]
    for who in (cast.ogawa, cast.mori):
        access, client = access_of(who), sign_in(who)
        own = [row for row in made if row.team == cast.partner and not row.only_consulted]
        hidden = {"極秘", *(row.text for row in made if row not in own)}
        listed = {line.gap.pk: line for line in gap_list(access, Asked(least=1))}
        pages = [client.get("/knowledge/gaps/", {"often": "1", "state": state}) for state in ("", *Gap.State.values)]
        for gap in gaps:
            theirs = [row for row in own if row.gap == gap]
            settled = gap.closed_at or gap.written_at
            again = [row for row in theirs if settled and row.at > settled]
            counted = again if settled else theirs
            assert (gap.pk in listed) == bool(len(counted) >= (AGAIN if settled else 1))
            if line := listed.get(gap.pk):
                assert (line.count, sum(line.weeks), line.seconds) == (len(counted),) * 2 + (60 * len(counted),)
                assert line.again == len(again)
                assert line.title in {row.text for row in counted}
                assert set(line.teams) == {cast.partner.label}
            shown = figures(gap, access)
            assert (shown.count, shown.again) == (len(theirs), len(again))
            assert shown.tickets == sum(row.kind == "ticket" for row in theirs)
            assert sum(times for _label, times in shown.teams) == len(theirs)
            answer = client.get(f"/knowledge/gaps/{gap.pk}/")
            assert answer.status_code == (200 if theirs else 404)
            pages.append(answer)
        for answer in pages:
            said = answer.content.decode()
            assert not [text for text in hidden if text in said]
            assert cast.kimura.name not in said
    everything = access_of(cast.watanabe)
    assert sum(figures(gap, everything).count for gap in gaps) == len(made)


def _evidence(cast: Cast, place: int, row: tuple[str, bool, bool, int, bool], gaps: list[Gap]) -> Evidence:
    kind, theirs, consulted, of, since = row
    team: Team = cast.partner if theirs else cast.call_centre
    text = f"{'ひびき' if theirs else '自社'}の件 {place:02}号"
    at = timezone.now() - timedelta(days=3 if since else 20)
    one = Evidence(kind=kind, gap=gaps[of], team=team, text=text, at=at, seconds=60, near=1)
    one.only_consulted = consulted and kind == "ticket"
    one.signs = ["consultation"] if one.only_consulted else ["no_article" if kind == "ticket" else "nothing_found"]
    if kind == "ticket":
        one.ticket = ticket(cast, text, front=team)
        one.ref = one.ticket.pk
    else:
        one.search = Search.objects.create(
            place=Place.KNOWLEDGE, staff=None, text=text, found=0, begun_at=at, typed_at=at
        )
        one.ref = one.search.pk
    one.save()
    return one


@pytest.mark.parametrize("who", ["ogawa", "mori", "outsider"])
@pytest.mark.parametrize("name", ["knowledge-links", "knowledge-articles"])
def test_partners_read_no_report_of_knowledge_in_any_form(cast: Cast, sign_in: SignIn, who: str, name: str) -> None:
    client = sign_in(getattr(cast, who))
    for form in ("", "tickets/?figure=linked", "csv/", "xlsx/"):
        assert client.get(f"/insight/{name}/{form}").status_code == 403, form


def test_the_next_hundred_stand_behind_a_link(cast: Cast, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    gaps = [Gap.objects.create(title=f"件{place}") for place in range(3)]
    for place in range(6):
        _evidence(cast, place, ("ticket", False, False, place % 3, True), gaps)
    monkeypatch.setattr("madoguchi.insight.gaps.queries.SHOWN", 2)
    client = sign_in(cast.kimura)
    said = client.get("/knowledge/gaps/?state=open").content.decode()
    cursor = f"after=240_{gaps[1].pk}"  # twice two minutes
    assert f"state=open&amp;{cursor}" in said
    assert "件2" not in said
    said = client.get(f"/knowledge/gaps/?state=open&{cursor}").content.decode()
    assert ("件2" in said, "件1" in said, f"after=240_{gaps[2].pk}" in said) == (True, False, False)
