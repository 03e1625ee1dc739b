"""迂回を記録: three fields found while typing; the report of it; the letters' switch."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from madoguchi.files import store
from madoguchi.files.models import Attachment
from madoguchi.interactions.actions.contacts import record_bypass
from madoguchi.interactions.models import BypassDraft, BypassPolicy, Interaction
from madoguchi.mail.actions.take_in import take_in
from madoguchi.mail.models import IncomingMail
from madoguchi.people.models import Staff
from tests.cast import Cast

pytestmark = pytest.mark.django_db
type SignIn = Callable[[Staff], Client]
URL = "/workbench/bypass/"
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


def test_people_and_companies_are_found_while_typing(cast: Cast, sign_in: SignIn) -> None:
    cast.minato.refresh_search()
    cast.minato.save()
    client = sign_in(cast.sato)
    found = client.get(f"{URL}who/?who=みなと", headers=PART | {"HX-Target": "ul#who-options"}).content.decode()
    assert f'data-value="person:{cast.yamada.pk}"' in found
    assert f'data-value="organization:{cast.minato.pk}"' in found
    assert "<html" not in found
    assert (
        "option"
        not in client.get(f"{URL}who/?who=%00", headers=PART | {"HX-Target": "ul#who-options"}).content.decode()
    )
    found = client.get(
        f"{URL}whom/?reached_name=taka", headers=PART | {"HX-Target": "ul#reached-options"}
    ).content.decode()
    assert f'data-value="{cast.takahashi.pk}"' in found


def test_what_was_chosen_typed_or_unknown_is_recorded(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.sato)
    chosen = {
        "who": "山田 花子",
        "who_ref": f"person:{cast.yamada.pk}",
        "reached": str(cast.takahashi.pk),
        "what": "VPN",
    }
    client.post(URL, chosen)
    contact = Interaction.objects.get()
    assert (contact.person, contact.organization, contact.staff) == (cast.yamada, cast.minato, cast.takahashi)
    client.post(URL, {"who": "知らない人", "reached_name": "いとう", "what": "請求"})
    contact = Interaction.objects.latest("id")
    assert (contact.contact_name, contact.person, contact.staff) == ("知らない人", None, cast.ito)
    for missing in ({"who": ""}, {"what": " "}, {"reached": "", "reached_name": "だれか"}):
        assert client.post(URL, chosen | missing, headers=PART).status_code == 422
    assert Interaction.objects.count() == 2


def test_a_partner_finds_nobody_of_other_customers(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.ogawa)
    found = client.get(f"{URL}who/?who=山田", headers=PART | {"HX-Target": "ul#who-options"}).content.decode()
    assert "山田" not in found
    fields = {"who": "山田", "who_ref": f"person:{cast.yamada.pk}", "reached": str(cast.ogawa.pk), "what": "VPN"}
    assert client.post(URL, fields).status_code == 404
    client.post(URL, fields | {"who_ref": ""})
    assert Interaction.objects.get().person is None
    found = client.get(
        f"{URL}whom/?reached_name=高橋", headers=PART | {"HX-Target": "ul#reached-options"}
    ).content.decode()
    assert "高橋" not in found


def test_the_report_counts_by_customer_and_by_who_was_reached(cast: Cast, sign_in: SignIn) -> None:
    for person, reached in ((cast.yamada, cast.takahashi), (cast.nakagawa, cast.takahashi), (None, cast.ito)):
        record_bypass(who="<b>誰か</b>", what="VPN", reached=reached, person=person, by=cast.sato)
    contact = Interaction.objects.latest("id")
    file = store.keep(b"RIFF")
    contact.attachments.add(Attachment.objects.create(file=file, name="伝言.wav", content_type="audio/x-wav"))
    client = sign_in(cast.hayashi)
    page = client.get("/insight/bypasses/").content.decode()
    assert "株式会社みなと商事" in page
    assert "お客様不明" in page
    page = client.get("/insight/bypasses/?by=reached").content.decode()
    assert "高橋 健" in page
    listed = client.get(
        f"/insight/bypasses/contacts/?by=reached&row={cast.takahashi.pk}&figure=contacts"
    ).content.decode()
    assert listed.count("VPN") == 2
    listed = client.get("/insight/bypasses/contacts/?by=customer&row=&figure=unsettled").content.decode()
    assert "伝言.wav" in listed
    assert "<b>誰か" not in listed
    assert client.get("/insight/bypasses/contacts/?by=customer&row=x&figure=contacts").status_code == 200
    month = timezone.localdate().strftime("%Y-%m")
    monthly = f"/insight/bypasses/contacts/?by=month&row={month}&figure="
    assert client.get(f"{monthly}contacts").content.decode().count("VPN") == 3
    assert "VPN" not in client.get(f"{monthly}linked").content.decode()
    assert client.get("/insight/bypasses/csv/").status_code == 200
    assert sign_in(cast.sato).get("/insight/bypasses/").status_code == 403


def test_a_sound_is_heard_by_whoever_sees_the_contact(cast: Cast, sign_in: SignIn) -> None:
    contact = record_bypass(who="x", what="VPN", reached=cast.ito, by=cast.sato)
    row = Attachment.objects.create(file=store.keep(b"RIFF"), name="a.wav", content_type="audio/x-wav")
    assert sign_in(cast.sato).get(f"{URL}files/{row.pk}/").status_code == 404
    contact.attachments.add(row)
    answer = sign_in(cast.sato).get(f"{URL}files/{row.pk}/")
    assert b"".join(answer.streaming_content) == b"RIFF"  # type: ignore[attr-defined]
    assert sign_in(cast.ogawa).get(f"{URL}files/{row.pk}/").status_code == 404
    assert sign_in(cast.outsider).get(f"{URL}files/{row.pk}/").status_code == 403


def test_the_letters_are_switched_by_supervisors_alone(cast: Cast, sign_in: SignIn) -> None:
    url = f"{URL}letters/"
    client = sign_in(cast.hayashi)
    assert "ありがとうございます" in client.get(url).content.decode()
    client.post(url, {"sends": "no", "at_least": "7"})
    assert (BypassPolicy.objects.get().sends_letters, BypassPolicy.objects.get().at_least) == (False, 7)
    assert client.post(url, {"sends": "yes", "at_least": "0"}, headers=PART).status_code == 422
    for other in (cast.sato, cast.mori, cast.watanabe):
        assert sign_in(other).get(url).status_code == 403


def test_a_mail_in_somebody_elses_name_is_settled_after_a_day_by_who_leads_them(cast: Cast, sign_in: SignIn) -> None:
    mail = f"From: {cast.takahashi.email}\r\nSubject: VPN\r\n\r\nx".encode()
    took = take_in(mail, source="smtp", envelope_from="", envelope_to=["desk@x.example"], by=cast.sato)
    draft = BypassDraft.objects.create(mail=took, staff=cast.takahashi)
    address, leader = f"{URL}drafts/", sign_in(cast.hayashi)
    assert leader.post(address, {"draft": str(draft.pk), "mine": "yes"}).status_code == 404
    assert "確認待ちのメール" not in leader.get("/board/").content.decode()
    IncomingMail.objects.update(received_at=took.received_at - timedelta(days=2))
    board = leader.get("/board/").content.decode()
    assert f'id="draft-{draft.pk}"' in board
    assert "確認待ちのメール" in leader.get(URL).content.decode()
    page = leader.get(address).content.decode()
    assert (cast.takahashi.name in page, "本人のメールなので記録する" in page) == (True, True)
    assert leader.post(address, {"draft": str(draft.pk), "mine": "yes"}).status_code == 302
    assert Interaction.objects.get(channel="bypass").staff == cast.takahashi
    assert "確認待ちのメール" not in leader.get("/board/").content.decode()


def test_a_mail_in_ones_name_is_confirmed_or_disowned_on_ones_own_page(cast: Cast, sign_in: SignIn) -> None:
    for number in (1, 2):
        mail = f"From: {cast.takahashi.email}\r\nSubject: VPN {number} <b>\r\n\r\nx\n<i>y".encode()
        took = take_in(mail, source="smtp", envelope_from="", envelope_to=["desk@x.example"], by=cast.sato)
        BypassDraft.objects.create(mail=took, staff=cast.takahashi)
    first, second = (str(pk) for pk in BypassDraft.objects.order_by("pk").values_list("pk", flat=True))
    address = f"{URL}drafts/"
    assert "確認待ちのメール" not in sign_in(cast.sato).get(URL).content.decode()
    assert sign_in(cast.sato).post(address, {"draft": first, "mine": "yes"}).status_code == 404
    own = sign_in(cast.takahashi)  # an engineer, who takes no calls
    shown = own.get(address).content.decode()
    assert "VPN 1 &lt;b&gt;" in shown
    assert "x\n&lt;i&gt;y" in shown, "one knows one's own mail again by its text"
    assert own.post(address, {"draft": second, "mine": "no"}).status_code == 302
    assert own.post(address, {"draft": "x", "mine": "yes"}).status_code == 404
    assert not Interaction.objects.filter(channel="bypass").exists()
    BypassDraft.objects.update(staff=cast.sato)
    assert "確認待ちのメール" in sign_in(cast.sato).get(URL).content.decode()
