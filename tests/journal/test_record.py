import pytest
from django.db import transaction
from freezegun import freeze_time

from madoguchi.journal import record as record_module
from madoguchi.journal.models import Entry, Mention
from madoguchi.journal.record import SYSTEM, NamedActor, record, subject_of
from madoguchi.people.models import Team
from tests.cast import Cast


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"ticket\.opened"):
        record("ticket.opened", by=SYSTEM, about=[])
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_entry_goes_when_the_change_it_tells_of_is_rolled_back() -> None:
    def change() -> None:
        with transaction.atomic():
            record("team.made", by=SYSTEM, about=[Team.objects.create(key="a", name="A")])
            raise ValueError("after the change")

    with pytest.raises(ValueError, match="after the change"):
        change()
    assert not Entry.objects.exists()
    assert not Mention.objects.exists()


@freeze_time("2026-08-21T05:05:00Z")
def test_an_entry_says_who_did_what_when_and_to_whom(cast: Cast) -> None:
    entry = record("team.renamed", by=cast.sato, about=[cast.call_centre, cast.yamada], data={"before": "受付"})
    entry.refresh_from_db()
    assert entry.at.isoformat() == "2026-08-21T05:05:00+00:00"
    assert (entry.kind, entry.data) == ("team.renamed", {"before": "受付"})
    assert (entry.actor_kind, entry.actor_id, entry.actor_name) == ("staff", cast.sato.pk, "佐藤 美咲")
    named = set(entry.mentions.values_list("kind", "ref"))
    assert named == {("team", cast.call_centre.pk), ("person", cast.yamada.pk)}


def test_nobody_and_doubles_are_not_mentioned(cast: Cast) -> None:
    entry = record("team.renamed", by=SYSTEM, about=[None, cast.network, None, cast.network])
    assert list(entry.mentions.values_list("kind", "ref")) == [("team", cast.network.pk)]


def test_an_actor_without_a_row_is_named(db: None) -> None:
    entry = record("call.started", by=NamedActor("source", "電話交換機"), about=[])
    assert (entry.actor_kind, entry.actor_id, entry.actor_name) == ("source", None, "電話交換機")


def test_an_entry_outlives_what_it_names(cast: Cast) -> None:
    entry = record("team.closed", by=cast.sato, about=[cast.field_service])
    gone = subject_of(cast.field_service)
    cast.field_service.delete()
    assert list(entry.mentions.values_list("kind", "ref")) == [gone]


def test_reactions_get_the_entry_and_its_rows_in_order(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, int, tuple[object, ...]]] = []
    reactions = {
        "team.renamed": (
            lambda entry, rows: heard.append(("first", entry.pk, rows)),
            lambda entry, rows: heard.append(("second", entry.pk, rows)),
        )
    }
    monkeypatch.setattr(record_module, "_reactions", lambda: reactions)
    record("team.made", by=SYSTEM, about=[cast.network])
    entry = record("team.renamed", by=SYSTEM, about=[None, cast.network])
    assert heard == [("first", entry.pk, (cast.network,)), ("second", entry.pk, (cast.network,))]


@pytest.mark.django_db(transaction=True)
def test_a_reaction_that_fails_undoes_the_change_and_its_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(entry: Entry, rows: object) -> None:
        Team.objects.create(key="by-the-reaction", name="B")
        raise ValueError("no")

    monkeypatch.setattr(record_module, "_reactions", lambda: {"team.made": (fail,)})
    with pytest.raises(ValueError, match="no"), transaction.atomic():
        record("team.made", by=SYSTEM, about=[Team.objects.create(key="a", name="A")])
    assert not Team.objects.exists()
    assert not Entry.objects.exists()


def test_the_reactions_of_the_settings_are_functions() -> None:
    for kind, reactions in record_module._reactions().items():
        assert kind.count(".") == 1
        assert isinstance(reactions, tuple)
        assert all(callable(reaction) for reaction in reactions)
