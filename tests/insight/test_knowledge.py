"""The measures of knowledge, exact on cases made by hand, and the tickets behind each figure."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from madoguchi.handoffs.actions.decide import accept
from madoguchi.handoffs.actions.offer import offer
from madoguchi.insight.reports.frame import Table
from madoguchi.insight.reports.registry import REPORTS, table, tickets_behind
from madoguchi.journal.models import Entry, Mention
from madoguchi.knowledge import usage
from madoguchi.knowledge.actions import Content, change, create, validate
from madoguchi.knowledge.actions.standing import content_of
from madoguchi.knowledge.models import Article, ArticleVersion, Place, State
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast


def days() -> dict[str, Any]:
    today = timezone.localdate()
    return {"first": today - timedelta(days=30), "last": today}


def made(name: str, by: str = "team") -> Table:
    return table(name, **days(), by=by, access=None)


def behind(name: str, figure: str, row: str | None = None, by: str = "team") -> set[str]:
    found = tickets_behind(name, **days(), by=by, row=row, figure=figure, access=None)
    return set(found.values_list("subject", flat=True))


def article(cast: Cast, question: str, **fields: Any) -> Article:
    return create(Content(question=question, answer="答え", owner_team=cast.service_desk, **fields), by=cast.kimura)


def opened(cast: Cast, subject: str) -> Ticket:
    return open_ticket(subject=subject, body="x", channel="mail", category=cast.general, by=cast.sato)


@pytest.fixture
def story(cast: Cast) -> dict[str, Ticket]:
    """One of each kind: known at first line, known but handed over, new with its article, new without, handed over
    and new, a single case, solved without a word about articles, and one that is open."""
    known = article(cast, "VPNにつなぐには", state=State.VALIDATED)
    rows = {
        name: opened(cast, name)
        for name in ("既知", "既知引継", "新記事", "記事なし", "新規引継", "一度", "無言", "未解決")
    }
    for name, by in (("既知引継", cast.ito), ("新規引継", cast.ito)):
        accept(offer(rows[name], to_team=cast.network, reason="専門外", by=cast.sato), by=by)
        rows[name].refresh_from_db()
    own = article(cast, "新しいこと")
    Article.objects.filter(pk=own.pk).update(source=f"ticket:{rows['新記事'].pk}")
    resolve(rows["既知"], resolution="x", article=known, by=cast.sato)
    resolve(rows["既知引継"], resolution="x", article=known, by=cast.ito)
    resolve(rows["新記事"], resolution="x", article=own, by=cast.sato)
    resolve(rows["記事なし"], resolution="x", no_article_reason="no_article", by=cast.sato)
    resolve(rows["新規引継"], resolution="x", no_article_reason="no_article", by=cast.ito)
    resolve(rows["一度"], resolution="x", no_article_reason="one_off", by=cast.sato)
    resolve(rows["無言"], resolution="x", by=cast.sato)
    return rows


def test_what_tickets_were_solved_with(story: dict[str, Ticket]) -> None:
    assert dict(made("knowledge-links").total.figures) == {
        "tickets": 8,
        "solved": 7,
        "linked": 3,
        "link_rate": 3 / 7,
        "said": 6,
        "participation": 6 / 7,
        "known": 2,
        "new": 4,
        "questions": 6,
        "known_share": 2 / 6,
        "handed_known": 1,
        "handed_new": 1,
    }
    assert behind("knowledge-links", "known") == {"既知", "既知引継"}
    assert behind("knowledge-links", "new") == {"新記事", "記事なし", "新規引継", "無言"}
    assert behind("knowledge-links", "handed_known") == {"既知引継"}
    assert behind("knowledge-links", "handed_new") == {"新規引継"}


@pytest.mark.parametrize("by", ["team", "category", "month", "week"])
def test_every_count_opens_to_as_many_tickets(story: dict[str, Ticket], cast: Cast, by: str) -> None:
    earlier = timezone.now() - timedelta(days=9)
    Ticket.objects.filter(pk=story["既知"].pk).update(opened_at=earlier, category=None, front_team=cast.network)
    found = made("knowledge-links", by)
    assert len(found.rows) > 1 or by == "month"
    for column in found.report.columns:
        if column.where is not None:
            assert sum(int(row.figures[column.key] or 0) for row in found.rows) == found.total.figures[column.key]
            for row in found.rows:
                assert len(behind("knowledge-links", column.key, row.key, by)) == row.figures[column.key], column.key


def test_articles_written_published_and_used(story: dict[str, Ticket], cast: Cast) -> None:
    late = article(cast, "あとで確認")
    validate(late, review_on=None, by=cast.kimura)
    Entry.objects.filter(kind="article.validated").update(at=timezone.now() + timedelta(hours=10))
    ArticleVersion.objects.filter(article=late, number__gt=1).update(at=timezone.now() + timedelta(hours=10))
    Article.objects.filter(pk=late.pk).update(validated_at=None)
    known = Article.objects.get(question="VPNにつなぐには")
    contact = story["記事なし"].contact_links.get().interaction
    usage.use(known, contact, "VPN", place=Place.SEAT, by=cast.sato)
    found = made("knowledge-articles")
    figures = found.total.figures
    assert (figures["created"], figures["validated"]) == (3, 2)
    # One was written as validated, one took ten hours.
    assert figures["publish_median_s"] == pytest.approx(5 * 3600, abs=60)
    assert figures["publish_mean_s"] == pytest.approx(5 * 3600, abs=60)
    assert (figures["links"], figures["uses"], figures["reuse"]) == (3, 1, 3)  # the new one's own ticket is no reuse
    assert figures["reuse_per_created"] == pytest.approx(1)
    assert [row.key for row in found.rows] == ["service-desk"]
    assert behind("knowledge-articles", "links") == {"既知", "既知引継", "新記事"}
    assert behind("knowledge-articles", "uses") == {"記事なし"}
    assert behind("knowledge-articles", "reuse") == {"既知", "既知引継", "記事なし"}
    assert behind("knowledge-articles", "created") == {"既知", "既知引継", "新記事"}
    assert behind("knowledge-articles", "validated") == {"既知", "既知引継"}


@pytest.mark.parametrize("by", ["team", "category", "month", "week"])
def test_articles_by_each_grouping_add_up(story: dict[str, Ticket], by: str) -> None:
    found = made("knowledge-articles", by)
    for key in ("created", "links", "uses", "reuse"):
        assert sum(int(row.figures[key] or 0) for row in found.rows) == found.total.figures[key]
    for row in found.rows:
        assert len(behind("knowledge-articles", "links", row.key, by)) == row.figures["links"]


@pytest.mark.parametrize("by", ["team", "category", "month", "week"])
def test_each_reuse_counts_once(cast: Cast, by: str) -> None:
    one, other = article(cast, "VPNにつなぐには"), article(cast, "メールが届かない")
    rows = {name: opened(cast, name) for name in ("使って解決", "二度使用", "使っただけ", "元の件", "前に開いた件")}
    contacts = {name: row.contact_links.get().interaction for name, row in rows.items()}
    # A call answered with the article and solved with it: one. With another one besides: two.
    usage.use(one, contacts["使って解決"], "VPN", place=Place.SEAT, by=cast.sato)
    resolve(rows["使って解決"], resolution="x", article=one, by=cast.sato)
    usage.use(other, contacts["使って解決"], "メール", place=Place.SEAT, by=cast.sato)
    # Used in the call and again at the ticket: one.
    usage.use(one, contacts["二度使用"], "VPN", place=Place.SEAT, by=cast.sato)
    usage.use(one, rows["二度使用"], "VPN", place=Place.TICKET, by=cast.sato)
    usage.use(other, contacts["使っただけ"], "VPN", place=Place.SEAT, by=cast.sato)
    # An article made of a ticket, used for it and linked to it: none.
    own = article(cast, "新しいこと")
    Article.objects.filter(pk=own.pk).update(source=f"ticket:{rows['元の件'].pk}")
    own.refresh_from_db()
    usage.use(own, contacts["元の件"], "新", place=Place.SEAT, by=cast.sato)
    resolve(rows["元の件"], resolution="x", article=own, by=cast.sato)
    # Its link counts in the period in which it was opened.
    usage.use(one, contacts["前に開いた件"], "VPN", place=Place.SEAT, by=cast.sato)
    resolve(rows["前に開いた件"], resolution="x", article=one, by=cast.sato)
    Ticket.objects.filter(pk=rows["前に開いた件"].pk).update(opened_at=timezone.now() - timedelta(days=40))
    found = made("knowledge-articles", by)
    assert [found.total.figures[key] for key in ("links", "uses", "reuse")] == [2, 7, 4]
    assert sum(int(row.figures["reuse"] or 0) for row in found.rows) == 4
    shown = {"使って解決", "二度使用", "使っただけ"}
    assert behind("knowledge-articles", "reuse", None, by) == shown
    assert set().union(*(behind("knowledge-articles", "reuse", row.key, by) for row in found.rows)) == shown


def moved(row: Article, after: int, span: timedelta) -> None:
    """The last version of the article, and what the journal said of validations after an entry, happened later."""
    row.refresh_from_db()
    at = timezone.now() + span
    ArticleVersion.objects.filter(article=row, number=row.version).update(at=at)
    Article.objects.filter(pk=row.pk).update(updated_at=at, validated_at=at)
    mentions = Mention.objects.filter(kind="article", ref=row.pk, entry__gt=after, entry__kind="article.validated")
    Entry.objects.filter(pk__in=list(mentions.values_list("entry", flat=True))).update(at=at)


def test_time_to_publish_ends_with_the_first_validation_however_it_was_saved(cast: Cast) -> None:
    by_form, by_hand, taken_in = (article(cast, name) for name in ("編集で確認", "確認", "版のない記事"))
    change(by_form, replace(content_of(by_form), state=State.VALIDATED), by=cast.kimura)
    validate(by_hand, review_on=None, by=cast.kimura)
    for row, hours in ((by_form, 2), (by_hand, 4)):
        moved(row, 0, timedelta(hours=hours))
        # Vouched for again later: that is no publication.
        last = Entry.objects.order_by("-pk").values_list("pk", flat=True)[0]
        validate(row, review_on=None, by=cast.kimura)
        moved(row, last, timedelta(hours=90))
    ArticleVersion.objects.filter(article=taken_in).delete()
    at = timezone.now() + timedelta(hours=6)
    Article.objects.filter(pk=taken_in.pk).update(state=State.VALIDATED, validated_at=at)
    figures = made("knowledge-articles").total.figures
    assert (figures["created"], figures["validated"]) == (3, 3)
    assert figures["publish_median_s"] == pytest.approx(4 * 3600, abs=60)
    assert figures["publish_mean_s"] == pytest.approx(4 * 3600, abs=60)


def test_no_measure_but_the_time_in_states_is_made_by_person() -> None:
    by_person = {name for name, report in REPORTS.items() if {"person", "staff", "assignee"} & set(report.by)}
    assert by_person == {"operators"}


@pytest.mark.parametrize("name", ["knowledge-links", "knowledge-articles"])
def test_an_empty_desk_divides_by_nothing(cast: Cast, name: str) -> None:
    found = made(name, "week")
    assert found.rows == []
    assert not any(found.total.figures.values())
    assert behind(name, found.report.drawn, "not-a-day", "week") == set()
