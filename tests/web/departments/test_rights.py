"""Who may read the directory, and who may keep it: every address of the segment, for every role."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone

from madoguchi.people.actions import add_topic, note_contact_absence
from madoguchi.people.models import ContactAbsence, Topic
from madoguchi.web.departments.urls import urlpatterns
from tests.cast import Cast

type SignIn = Callable[..., Client]
READ = {"index", "department", "history", "history_csv", "history_xlsx"}
READERS = ["sato", "takahashi", "hayashi", "kimura", "watanabe", "admin", "ogawa", "mori"]
KEEPERS = ["hayashi", "kimura", "admin"]
EVERYBODY = [*READERS, "outsider"]


def address_of(cast: Cast, pattern: URLPattern) -> str:
    rows: dict[str, Any] = {
        "department_id": cast.accounting.pk,
        "contact_id": cast.accounting_first.pk,
        "topic_id": Topic.objects.get().pk,
        "absence_id": ContactAbsence.objects.get().pk,
    }
    wanted = pattern.pattern.regex.groupindex if hasattr(pattern.pattern, "regex") else {}
    return reverse(f"departments:{pattern.name}", args=[rows[name] for name in wanted])


@pytest.mark.parametrize("pattern", urlpatterns, ids=lambda pattern: pattern.name)
def test_only_those_come_in_who_may(cast: Cast, sign_in: SignIn, pattern: URLPattern) -> None:
    add_topic(cast.accounting, key="invoice", name="請求書", by=cast.admin)
    note_contact_absence(cast.accounting_first, starts_at=timezone.now(), by=cast.admin)
    address = address_of(cast, pattern)
    allowed = READERS if pattern.name in READ else KEEPERS
    for who in EVERYBODY:
        client = sign_in(getattr(cast, who))
        if who in allowed:
            assert client.get(address).status_code in {200, 405}, who
        else:
            assert client.get(address).status_code == 403, who
            assert client.post(address).status_code == 403, who
    assert Client().get(address).status_code == 302


def test_staff_of_a_partner_see_whom_one_asks_but_no_number_address_or_note(cast: Cast, sign_in: SignIn) -> None:
    cast.accounting_first.note, cast.accounting_first.mobile = "倉庫にいます", "+819012345678"
    cast.accounting_first.save()
    client = sign_in(cast.ogawa)
    for address in ("/departments/", "/departments/?q=経理", f"/departments/{cast.accounting.pk}/"):
        text = client.get(address).text
        assert "経理 窓口" in text
        for private in ("03-5000-2000", "090-1234-5678", "keiri@example.jp", "倉庫にいます", "tel:", "mailto:"):
            assert private not in text
    assert "経理" not in client.get("/departments/?q=03-5000-2000").text.partition('id="rows"')[2]
    assert "03-5000-2000" in sign_in(cast.sato).get("/departments/?q=03-5000-2000").text
