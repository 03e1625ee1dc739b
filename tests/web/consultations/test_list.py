"""The list of questions, and who may see and do what."""

from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from madoguchi.consultations.actions.ask import ask
from madoguchi.consultations.actions.hear import answer, decline
from madoguchi.consultations.actions.use import use_answers
from madoguchi.consultations.models import Consultation
from madoguchi.files import store
from madoguchi.files.models import Attachment
from madoguchi.people.models import Department
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.tickets.actions.resolve import resolve
from madoguchi.tickets.models import Ticket
from tests.cast import Cast
from tests.consultations.letters import by_mail, sent_to

SignIn = Callable[..., Client]
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
SHEET = {**HTMX, "HX-Target": "div#sheet-body"}


def test_the_list_shows_what_is_open_the_longest_overdue_first(
    question: Consultation, ticket: Ticket, cast: Cast, sign_in: SignIn
) -> None:
    sales = Department.objects.create(key="sales", name="営業部")
    sales.contacts.create(name="営業 窓口", email="sales@example.jp", position=1)
    soon = timezone.now() + timedelta(minutes=1)
    first = ask(ticket, department=sales, question="先に期限", due_at=soon, urgent=True, by=cast.suzuki)
    done = ask(ticket, department=sales, question="回答済み", urgent=True, by=cast.suzuki)
    said = answer(done, body="はい", by=cast.suzuki)
    client = sign_in(cast.sato)

    def shown(query: str = "") -> list[int]:
        html = client.get(f"/consultations/{query}").content.decode()
        rows = {one.pk: html.find(f"/consultations/{one.pk}/") for one in (question, first, done)}
        return sorted((key for key, place in rows.items() if place >= 0), key=lambda key: rows[key])

    assert shown() == [first.pk, question.pk]
    assert shown("?whose=mine") == [question.pk]
    assert shown("?whose=team") == [first.pk, question.pk]
    assert shown(f"?department={sales.pk}") == [first.pk]
    assert shown("?department=x&whose=y&after=z") == [first.pk, question.pk]
    assert shown("?show=needs") == [done.pk]
    use_answers(ticket, [said], body="はいとのことです", by=cast.suzuki)
    assert shown("?show=needs") == []
    csv = b"".join(client.get("/consultations/export.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert f"{ticket.number_shown}-{first.pk}" in csv
    assert "営業 窓口" in csv
    assert "回答済み" not in csv
    assert client.get("/consultations/export.xlsx").status_code == 200
    assert sign_in(cast.suzuki).get("/consultations/?whose=mine").content.decode().count("<a data-open") == 1


def test_an_empty_list_says_what_will_appear(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    assert "回答待ちの照会はありません" in client.get("/consultations/").content.decode()
    assert "条件に合う照会はありません" in client.get("/consultations/?whose=mine").content.decode()
    assert "窓口の対応を待つ照会はありません" in client.get("/consultations/?show=needs").content.decode()


def test_one_and_three_questions_cost_the_same_queries(
    question: Consultation, ticket: Ticket, cast: Cast, sign_in: SignIn
) -> None:
    client = sign_in(cast.sato)

    def costs() -> list[int]:
        found = []
        for url in (f"/tickets/{ticket.number}/", "/consultations/"):
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                client.get(url)
            found.append(len(queries))
        return found

    one = costs()
    for further in range(2):
        decline(ask(ticket, department=cast.accounting, question=f"{further}?", by=cast.sato), by=cast.sato)
    assert costs() == one
    assert max(one) < 35


READ = ["", "export.csv", "export.xlsx", "{question}/"]
WORK = ["ask/{number}/", "ask/{number}/plan/"]
ACTS = ["{question}/note/", "{question}/reply/", "{question}/next/", "{question}/withdraw/", "{question}/reviewed/"]
LEAD = ["policies/", "policies/default/", "policies/default/remove/"]


def urls(paths: list[str], question: Consultation) -> list[str]:
    return [f"/consultations/{path.format(number=question.ticket.number, question=question.pk)}" for path in paths]


def test_each_role_may_do_what_it_may(question: Consultation, cast: Cast, sign_in: SignIn) -> None:
    for who in ("sato", "takahashi", "hayashi", "admin"):
        client = sign_in(getattr(cast, who))
        assert {client.get(url).status_code for url in urls([*READ, *WORK[:1]], question)} == {200}
        assert 403 not in {client.post(url, {"kind": "x"}).status_code for url in urls([*WORK, *ACTS[1:3]], question)}
    for who in ("watanabe", "kimura"):
        client = sign_in(getattr(cast, who))
        assert {client.get(url).status_code for url in urls(READ, question)} == {200}
        assert {client.post(url).status_code for url in urls([*WORK, *ACTS], question)} == {403}
        assert "Alt+N" not in client.get(f"/consultations/{question.pk}/").content.decode()
    for who, status in (("hayashi", 200), ("admin", 200), ("sato", 403), ("kimura", 403), ("mori", 403)):
        client = sign_in(getattr(cast, who))
        assert {client.get(url).status_code for url in urls(LEAD[:2], question)} == {status}
    client = sign_in(cast.outsider)
    everything = urls([*READ, *WORK, *LEAD], question)
    assert {client.get(url).status_code for url in everything} == {403}


def test_who_is_signed_out_is_sent_to_sign_in(question: Consultation, client: Client) -> None:
    for url in urls([*READ, *WORK, *ACTS, *LEAD], question):
        assert client.get(url)["Location"].startswith("/accounts/login/")


def test_a_partners_staff_see_only_what_their_own_team_asked(cast: Cast, sign_in: SignIn) -> None:
    theirs = open_ticket(
        subject="共有の件", body="x", channel="phone", requester=cast.yamada, front_team=cast.partner, by=cast.ogawa
    )
    ours = ask(
        theirs, department=cast.accounting, question="社内の秘密", team=cast.call_centre, urgent=True, by=cast.sato
    )
    answer(ours, body="秘密の回答", by=cast.sato)
    client = sign_in(cast.ogawa)
    page = client.get(f"/tickets/{theirs.number}/").content.decode()
    assert "共有の件" in page
    assert "秘密" not in page
    for url in urls(["{question}/", "{question}/note/"], ours):
        assert client.get(url).status_code in (404, 405)
        assert client.post(url, {"body": "x"}).status_code in (404, 405)
    assert (
        client.post(
            f"/consultations/ask/{theirs.number}/", {"to": f"{cast.accounting.pk}..", "question": "聞く"}
        ).status_code
        == 302
    )
    own = Consultation.objects.get(question="聞く")
    assert own.team == cast.partner
    assert client.get(f"/consultations/{own.pk}/").status_code == 200
    listed = client.get("/consultations/").content.decode()
    assert "聞く" in listed
    assert "秘密" not in listed
    other = open_ticket(subject="y", body="y", channel="phone", by=cast.sato)
    assert client.get(f"/consultations/ask/{other.number}/").status_code == 404
    for consultation, status in ((ours, 404), (own, 200)):
        file = Attachment.objects.create(file=store.keep(b"x"), name="控え.txt", content_type="text/plain")
        answer(consultation, body="控えです", attachments=[file], by=cast.sato)
        assert client.get(f"/consultations/files/{file.pk}/").status_code == status


def test_a_closed_house_tells_nobody_of_the_policies(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.hayashi)
    html = client.get("/consultations/policies/").content.decode()
    assert "（初期設定）" in html
    sent = {"fields": ["organization", "phone", "item:error_code"], "outside": ["organization"]}
    assert client.post(f"/consultations/policies/{cast.mail_trouble.pk}/", sent).status_code == 302
    html = client.get("/consultations/policies/").content.decode()
    assert "組織、電話番号、エラーコード" in html
    form = client.get(f"/consultations/policies/{cast.mail_trouble.pk}/").content.decode()
    assert 'name="fields" value="item:error_code" aria-label="エラーコード: 社内の部署" checked' in form
    wrong = client.post("/consultations/policies/default/", {"outside": ["phone"]}, headers=HTMX)
    assert (wrong.status_code, "電話番号" in wrong.content.decode()) == (422, True)
    assert client.post(f"/consultations/policies/{cast.mail_trouble.pk}/remove/").status_code == 302
    assert "電話番号" not in client.get("/consultations/policies/").content.decode().split("<tbody")[1]
    assert client.get("/consultations/policies/99999/").status_code == 404
    assert client.get("/consultations/policies/x/").status_code == 404


def test_a_solved_ticket_keeps_its_questions_and_says_that_nobody_is_reminded(
    question: Consultation, ticket: Ticket, cast: Cast, sign_in: SignIn
) -> None:
    resolve(ticket, resolution="済", no_article_reason="one_off", by=cast.sato)
    client = sign_in(cast.sato)
    assert "解決済みのため、催促は止まっています" in client.get(f"/tickets/{ticket.number}/").content.decode()
    by_mail(sent_to("keiri@example.jp"), "遅くなりました。発行済みです。")
    html = client.get(f"/tickets/{ticket.number}/").content.decode()
    assert "遅くなりました" in html
    assert "要確認" in html
