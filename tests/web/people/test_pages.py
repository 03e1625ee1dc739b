"""People and organisations: found while typing, read, corrected; a partner sees their share only."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from madoguchi.interactions.models import CallBack, Interaction, NumberProposal
from madoguchi.journal.models import Entry
from madoguchi.journal.record import NamedActor
from madoguchi.mail.actions.take_in import take_in
from madoguchi.people.access import access_of
from madoguchi.people.models import Organization, Person
from madoguchi.people.tokens import issue
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.models import Ticket
from madoguchi.tickets.requesters import organizations_visible_to, people_visible_to
from tests.cast import Cast, number, person

type SignIn = Callable[..., Client]
ROWS = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#rows"}
HOSTILE = "<script>alert('x')</script>"


def searchable(cast: Cast) -> None:
    cast.minato.refresh_search()
    cast.minato.save(update_fields=["search"])


def addresses(cast: Cast) -> dict[str, str]:
    return {
        "list": "/people/",
        "names": "/people/organizations/names/?organization=みなと",
        "new": "/people/new/",
        "person": f"/people/{cast.yamada.pk}/",
        "edit": f"/people/{cast.yamada.pk}/edit/",
        "organization": f"/people/organizations/{cast.minato.pk}/",
    }


READS = {"list": 200, "names": 200, "new": 403, "person": 200, "edit": 403, "organization": 200}
WORKS = dict.fromkeys(READS, 200)
NOTHING = dict.fromkeys(READS, 403)
PARTNER = {"list": 200, "names": 200, "new": 403, "person": 404, "edit": 404, "organization": 404}


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("sato", WORKS),
        ("takahashi", WORKS),
        ("hayashi", WORKS),
        ("admin", WORKS),
        ("kimura", READS),
        ("watanabe", READS),
        ("ogawa", PARTNER),
        ("mori", PARTNER),
        ("outsider", NOTHING),
    ],
)
def test_each_role_opens_what_is_theirs(cast: Cast, sign_in: SignIn, who: str, expected: dict[str, int]) -> None:
    client = sign_in(getattr(cast, who))
    assert {name: client.get(address).status_code for name, address in addresses(cast).items()} == expected


@pytest.mark.parametrize("who", ["kimura", "watanabe", "ogawa", "outsider"])
def test_who_may_not_edit_changes_nothing(cast: Cast, sign_in: SignIn, who: str) -> None:
    client = sign_in(getattr(cast, who))
    theirs = f"/people/{cast.yamada.pk}/"
    phone, email = cast.yamada.phones.get(), cast.yamada.emails.get()
    for address in (
        f"{theirs}edit/",
        f"{theirs}numbers/",
        f"{theirs}numbers/{phone.pk}/remove/",
        f"{theirs}addresses/",
        f"{theirs}addresses/{email.pk}/remove/",
        "/people/new/",
    ):
        typed = {"name": "誰か", "family_name": "誰か", "number": "03-1111-1111", "address": "a@b.example"}
        assert client.post(address, typed).status_code in {403, 404}
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "words",
    ["やまだ", "ヤマダ 花子", "山田", "09011112222", "hanako.yamada@", "みなと商事 山田", "０９０－１１１１－２２２２"],
)
def test_somebody_is_found_by_whatever_is_known(cast: Cast, sign_in: SignIn, words: str) -> None:
    searchable(cast)
    text = sign_in(cast.sato).get("/people/", {"q": words}, headers=ROWS).text
    assert "山田 花子" in text
    assert "石井" not in text


def test_hostile_words_find_nobody_and_do_no_harm(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    for words in (HOSTILE, "\0", "%", "'; drop table people_person; --", "あ" * 5000):
        answer = client.get("/people/", {"q": words})
        assert answer.status_code == 200
        assert HOSTILE not in answer.text
    for cursor in ("[", "[1]", '["a","b","c"]', "[[[", '["a","b","99999999999999999999999"]'):
        assert client.get("/people/", {"after": cursor}).status_code == 200


def test_all_people_are_read_page_by_page(cast: Cast, sign_in: SignIn) -> None:
    for place in range(120):
        person(f"西{place:03}", "", "にし" if place % 3 else "", "")
    client, seen, address = sign_in(cast.sato), 0, "/people/"
    for _page in range(5):
        text = client.get(address, headers=ROWS).text
        seen += text.count("data-open href")
        if 'rel="next" href="' not in text:
            break
        address = "/people/" + text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert seen == Person.objects.count()


@pytest.mark.parametrize("rows", [1, 30])
def test_more_people_cost_no_more_queries(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any, rows: int
) -> None:
    for place in range(rows):
        number(person(f"西{place}", "", "にし", "", organization=cast.minato), f"03-1234-{place:04}")
        open_ticket(subject="件", body="", channel="phone", requester=cast.yamada, by=cast.sato)
    client = sign_in(cast.sato)
    for address, most in (("/people/", 6), (f"/people/{cast.yamada.pk}/", 16), (addresses(cast)["organization"], 15)):
        with django_assert_max_num_queries(most):
            assert client.get(address, headers=ROWS).status_code == 200


def test_the_page_of_a_person_says_what_the_desk_knows(cast: Cast, sign_in: SignIn) -> None:
    opened = open_ticket(subject="送信できない", body="", channel="phone", requester=cast.yamada, by=cast.sato)
    past = open_ticket(subject="昔の件", body="", channel="phone", requester=cast.yamada, by=cast.sato)
    Ticket.objects.filter(pk=past.pk).update(status="closed")
    now = timezone.now()
    CallBack.objects.create(
        due_at=now + timedelta(hours=1), number="+819011112222", person=cast.yamada, team=cast.call_centre, note=HOSTILE
    )
    Interaction.objects.create(channel="phone", person=cast.yamada, started_at=now, summary="メールの相談")
    cast.minato.installed.create(name="複合機 MX")
    text = sign_in(cast.sato).get(f"/people/{cast.yamada.pk}/").text
    for known in ("やまだ はなこ", "090-1111-2222", "標準サポート", "高橋 健", "太田 誠", "複合機 MX", "メールの相談"):
        assert known in text
    assert text.index(opened.number_shown) < text.index(past.number_shown)
    assert "折り返し" in text
    assert HOSTILE not in text


def test_a_person_is_corrected_and_numbers_come_and_go(cast: Cast, sign_in: SignIn) -> None:
    searchable(cast)
    client = sign_in(cast.sato)
    page = f"/people/{cast.walk_in.pk}/"
    typed = {"family_name": HOSTILE, "family_kana": "イシイ", "organization": "株式会社みなと商事", "language": "ja"}
    assert client.post(f"{page}edit/", {**typed, "family_name": ""}).status_code == 422
    client.post(f"{page}edit/", typed)
    cast.walk_in.refresh_from_db()
    assert (cast.walk_in.family_kana, cast.walk_in.organization) == ("いしい", cast.minato)
    assert HOSTILE not in client.get(page).text
    refused = client.post(f"{page}numbers/", {"number": "なし"}, headers={"HX-Request": "true"})
    assert (refused.status_code, "「なし」" in refused.text) == (422, True)
    client.post(f"{page}numbers/", {"number": "090-1111-2222"})
    assert "この番号は 山田 花子 さんにも登録されています。" in client.get(page).text
    client.post(f"{page}numbers/{cast.walk_in.phones.get().pk}/remove/")
    assert not cast.walk_in.phones.exists()
    assert client.post(f"{page}numbers/{cast.yamada.phones.get().pk}/remove/").status_code == 404
    assert client.post(f"{page}addresses/", {"address": "keine"}).status_code == 422
    client.post(f"{page}addresses/", {"address": "Ishii@Example.jp"})
    assert cast.walk_in.emails.get().address == "ishii@example.jp"


def test_the_same_number_asks_first_whether_it_is_the_same_person(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    typed = {"name": "山田 太郎", "kana": "やまだ たろう", "phone": "090 1111 2222", "organization": "", "email": ""}
    answer = client.post("/people/new/", typed)
    assert answer.status_code == 422
    assert "次の方ではありませんか" in answer.text
    assert f'href="/people/{cast.yamada.pk}/"' in answer.text
    assert 'value="山田 太郎"' in answer.text
    assert not Person.objects.filter(given_name="太郎", family_name="山田").exists()
    client.post("/people/new/", {**typed, "anyway": str(cast.yamada.pk)})
    assert Person.objects.get(given_name="太郎", family_name="山田").phones.get().number == "+819011112222"


def test_a_partner_sees_the_people_of_their_share_only(cast: Cast, sign_in: SignIn) -> None:
    searchable(cast)
    open_ticket(
        subject="委託先の件", body="", channel="phone", requester=cast.nakagawa, front_team=cast.partner, by=cast.ogawa
    )
    Interaction.objects.create(channel="visit", person=cast.walk_in, team=cast.partner, started_at=timezone.now())
    other = Organization.objects.create(name="よその会社", kana="よそのかいしゃ")
    access = access_of(cast.ogawa)
    assert set(people_visible_to(access)) == {cast.nakagawa, cast.walk_in}
    assert set(organizations_visible_to(access)) == {cast.minato}
    client = sign_in(cast.ogawa)
    for query in ("", "?q=山田", "?q=09011112222", "?q=みなと"):
        text = client.get(f"/people/{query}").text
        assert "山田" not in text.replace('value="山田"', "").replace("「山田」", "")
    assert "中川 太郎" in client.get("/people/?q=みなと").text
    assert client.get(f"/people/{cast.nakagawa.pk}/").status_code == 200
    assert "山田" not in client.get(f"/people/organizations/{cast.minato.pk}/").text
    assert client.get(f"/people/organizations/{other.pk}/").status_code == 404
    refused = client.post("/people/new/", {"name": "新人"})
    assert (refused.status_code, "応対の画面で登録してください" in refused.text) == (403, True)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("phone=09011112222", []),
        ("phone=0350001234", ["中川 太郎"]),
        ("email=hanako.yamada@minato.example", []),
        ("q=山田", []),
        ("q=中川", ["中川 太郎"]),
    ],
)
def test_a_program_of_a_partner_sees_no_more(cast: Cast, client: Client, query: str, found: list[str]) -> None:
    open_ticket(
        subject="委託先の件", body="", channel="phone", requester=cast.nakagawa, front_team=cast.partner, by=cast.ogawa
    )
    bearer = {"Authorization": f"Bearer {issue(staff=cast.ogawa, scopes=['people:read'])}"}
    items = client.get(f"/api/v1/people?{query}", headers=bearer).json()["items"]
    assert [item["name"] for item in items] == found


def test_a_number_from_a_signature_is_taken_or_dismissed_at_the_person(cast: Cast, sign_in: SignIn) -> None:
    sender = "hanako.yamada@minato.example"
    raw = f"From: {sender}\r\nSubject: x\r\n\r\nx\r\n-- \r\n<b>TEL 03-5555-1234\r\nM: 090-5555-1111\r\n".encode()
    take_in(
        raw, source="smtp", envelope_from=sender, envelope_to=["desk@desk.example"], by=NamedActor("system", "smtp")
    )
    address, client = f"/people/{cast.yamada.pk}/", sign_in(cast.sato)
    page = client.get(address).content.decode()
    assert "03-5555-1234" in page
    assert "<b>TEL" not in page
    direct, mobile = NumberProposal.objects.order_by("number")
    client.post(f"{address}proposals/{direct.pk}/", {"verb": "accept"})
    client.post(f"{address}proposals/{mobile.pk}/", {"verb": "dismiss"})
    assert cast.yamada.phones.filter(number=direct.number).exists()
    assert client.post(f"{address}proposals/{mobile.pk}/", {"verb": "accept"}).status_code == 409
    page = client.get(address).content.decode()
    assert "090-5555-1111" not in page
    assert client.post(f"/people/{cast.nakagawa.pk}/proposals/{mobile.pk}/").status_code == 404
    assert sign_in(cast.watanabe).post(f"{address}proposals/{mobile.pk}/").status_code == 403
