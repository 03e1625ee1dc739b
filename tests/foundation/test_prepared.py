"""Statements that are written once say the same as Django's own."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, models, transaction
from django.db.models import Count, Value
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from madoguchi.foundation.prepared import Prepared, insert, insert_once, update, update_if
from madoguchi.journal.models import Entry
from madoguchi.people.models import Membership, Role, Staff, Team
from madoguchi.tickets.models import Ticket
from tests.cast import Cast


def _columns(row: models.Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def _ticket(cast: Cast) -> Ticket:
    now = timezone.now()
    return Ticket(
        subject="印刷できない 100%",
        channel="web",
        details={"errors": ["0x97", None, 3.5], "名": "山田"},
        requester=cast.yamada,
        front_team=cast.call_centre,
        holder_team=cast.service_desk,
        opened_at=now,
        updated_at=now,
    )


def test_rows_come_with_what_is_joined_to_them_in_one_query(cast: Cast) -> None:
    question = Prepared(lambda staff, role: Membership.objects.filter(staff=staff, role=role).select_related("team"))
    Membership.objects.create(staff=cast.admin, team=None, role=Role.VIEWER)
    with CaptureQueriesContext(connection) as queries:
        first, second = question.all(cast.sato.pk, "operator"), question.all(cast.admin.pk, "viewer")
        assert [(row.team, row.role) for row in first] == [(cast.call_centre, "operator")]
        assert [(row.team, row.role) for row in second] == [(None, "viewer")]
    assert len(queries) == 2


def test_a_question_is_made_into_sql_once_and_asked_with_other_values(cast: Cast) -> None:
    made = []

    def ask(key: str) -> models.QuerySet[Team]:
        made.append(key)
        return Team.objects.filter(key=key)

    question = Prepared(ask)
    assert question.first(cast.network.key) == cast.network
    assert question.first(cast.call_centre.key) == cast.call_centre
    assert question.first("a%s'\";--") is None
    assert len(made) == 1


def test_values_come_back_as_django_reads_them(cast: Cast) -> None:
    ticket = insert(_ticket(cast))
    found = Prepared(lambda pk: Ticket.objects.filter(pk=pk)).first(ticket.pk)
    assert found is not None
    assert _columns(found) == _columns(Ticket.objects.get(pk=ticket.pk))


@pytest.mark.parametrize("number", [2**63 - 1, 2**63, -(2**64), 10**40])
def test_a_number_that_no_column_holds_finds_nothing(cast: Cast, number: int) -> None:
    assert Prepared(lambda pk: Team.objects.filter(pk=pk)).all(number) == []
    below = Prepared(lambda pk: Team.objects.filter(pk__lt=pk)).all(number)
    assert len(below) == (Team.objects.count() if number > 0 else 0)


def test_moments_are_compared_as_moments(cast: Cast) -> None:
    ticket = insert(_ticket(cast))
    since = Prepared(lambda moment: Ticket.objects.filter(opened_at__gte=moment))
    assert since.all(ticket.opened_at) == [ticket]
    assert since.all(ticket.opened_at + timedelta(microseconds=1)) == []


def test_columns_that_were_left_out_are_read_when_they_are_asked_for(cast: Cast) -> None:
    found = Prepared(lambda pk: Staff.objects.filter(pk=pk).only("email")).first(cast.sato.pk)
    assert found is not None
    assert "family_name" not in found.__dict__
    assert found.family_name == cast.sato.family_name


def test_rows_may_be_plain_tuples(cast: Cast) -> None:
    names = Prepared(
        lambda email, extension: Staff.objects.filter(email=email, extension=extension).values_list("kana")
    )
    assert names.all(cast.sato.email, cast.sato.extension) == [(cast.sato.kana,)]
    assert names.first(cast.sato.email, "no such") is None
    opened = Prepared(
        lambda pk: Ticket.objects.filter(pk=pk).values_list("opened_at", "details", "requester__family_name")
    )
    ticket = insert(_ticket(cast))
    assert opened.all(ticket.pk) == [(ticket.opened_at, ticket.details, cast.yamada.family_name)]


def test_what_was_counted_comes_with_the_row(cast: Cast) -> None:
    counted = Prepared(lambda key: Team.objects.filter(key=key).only("name").annotate(members=Count("memberships")))
    team = counted.first(cast.call_centre.key)
    assert team is not None
    assert (team, team.name) == (cast.call_centre, cast.call_centre.name)
    assert team.members == Membership.objects.filter(team=cast.call_centre).count()


def test_a_column_that_only_the_order_needs_is_not_in_the_rows(cast: Cast) -> None:
    names = Prepared(lambda least: Team.objects.filter(line__gte=least).order_by("-key").distinct().values_list("name"))
    assert names.all(0) == list(Team.objects.order_by("-key").distinct().values_list("name"))


def test_rows_of_another_shape_are_refused(db: None) -> None:
    with pytest.raises(TypeError, match="models or with the tuples"):
        Prepared(lambda: Team.objects.annotate(one=Value(1)).values("one")).all()


def test_an_inserted_row_is_the_one_that_django_would_have_written(cast: Cast) -> None:
    ours, theirs = _ticket(cast), _ticket(cast)
    theirs.opened_at, theirs.updated_at = ours.opened_at, ours.updated_at
    theirs.save()
    insert(ours)
    assert ours.pk not in (None, theirs.pk)
    assert not ours._state.adding
    written, expected = (_columns(Ticket.objects.get(pk=row.pk)) for row in (ours, theirs))
    del written["id"], expected["id"]
    assert written == expected


def test_an_inserted_row_is_saved_again_by_an_update(cast: Cast) -> None:
    ticket = insert(_ticket(cast))
    ticket.subject = "印刷できた"
    ticket.save()
    assert list(Ticket.objects.values_list("subject", flat=True)) == ["印刷できた"]


@pytest.mark.django_db(transaction=True)
def test_what_the_database_refuses_ends_the_transaction(db: None) -> None:
    insert(Team(key="desk", name="受付"))
    with transaction.atomic():
        with pytest.raises(IntegrityError):
            insert(Team(key="desk", name="二番目"))
        with pytest.raises(TransactionManagementError):
            Team.objects.count()
        transaction.set_rollback(True)
    assert list(Team.objects.values_list("name", flat=True)) == ["受付"]


def test_a_row_that_exists_is_not_inserted_once_more(cast: Cast) -> None:
    again = Team(key=cast.network.key, name="別")
    assert insert_once(again, "key") is False
    assert again._state.adding
    assert insert_once(Team(key="new", name="新"), "key") is True
    assert list(Team.objects.filter(name__in=["別", "新"]).values_list("key", flat=True)) == ["new"]


def test_a_question_for_nothing_finds_nothing(cast: Cast) -> None:
    assert Prepared(lambda key: Team.objects.none().filter(key=key)).all(cast.network.key) == []


def test_an_update_writes_the_named_fields_and_no_others(cast: Cast) -> None:
    ticket = insert(_ticket(cast))
    ticket.subject, ticket.details, ticket.assignee, ticket.priority = "別", {"a": 1}, cast.sato, "urgent"
    update(ticket, ["subject", "details", "assignee"])
    ticket.refresh_from_db()
    assert (ticket.subject, ticket.details, ticket.assignee) == ("別", {"a": 1}, cast.sato)
    assert ticket.priority == "normal"


def test_an_update_of_a_row_that_is_gone_is_an_error(cast: Cast) -> None:
    entry = insert(Entry(at=timezone.now(), kind="a.b", actor_kind="system", actor_name="x"))
    Entry.objects.filter(pk=entry.pk).delete()
    with transaction.atomic(), pytest.raises(DatabaseError):
        update(entry, ["kind"])
    transaction.set_rollback(True)


def test_an_update_with_a_condition_writes_only_where_it_still_holds(cast: Cast) -> None:
    ticket = insert(_ticket(cast))
    Ticket.objects.filter(pk=ticket.pk).update(version=2)
    ticket.subject = "遅い"
    assert update_if(ticket, ["subject"], version=1) is False
    assert update_if(ticket, ["priority"], version=2, status="new") is True
    ticket.refresh_from_db()
    assert ticket.subject == "印刷できない 100%"
