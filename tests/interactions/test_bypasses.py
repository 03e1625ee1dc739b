"""Contacts past the desk: recorded by mail to the record address, and told to those who are reached most."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone
from freezegun import freeze_time

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.actions.contacts import record_bypass
from madoguchi.interactions.bypasses import Said, confirm_draft, disown_draft, read, remind_of_drafts
from madoguchi.interactions.letters import letter_of, send_letters, set_letters
from madoguchi.interactions.models import BypassDraft, BypassLetter, Interaction
from madoguchi.journal.models import Entry
from madoguchi.journal.record import NamedActor
from madoguchi.mail.actions.take_in import take_in
from madoguchi.mail.models import IncomingMail, OutgoingMail
from madoguchi.notifications.models import Notification
from madoguchi.people.access import access_of
from madoguchi.people.meant import find_colleagues, meant_by, staff_meant_by
from madoguchi.people.models import Membership, Role, Staff
from madoguchi.tickets.models import Ticket
from tests.cast import Cast

pytestmark = pytest.mark.django_db
GATEWAY = NamedActor("system", "mail-gateway")
RECORD = "record@desk.example"
FORWARDED = """よろしくお願いします。

---------- 転送メッセージ ----------
差出人: 山田 花子 <hanako.yamada@minato.example>
日時: 2026年8月21日(金) 14:05
件名: VPNがつながりません
宛先: 高橋 健 <takahashi@example.jp>

朝からつながりません。
"""


@pytest.fixture(autouse=True)
def _record_address(settings: Any) -> None:
    settings.RECORD_ADDRESS = RECORD
    settings.MAIL_VOUCHERS = ("mx.desk.example",)


def written(
    sender: str,
    subject: str,
    text: str = "",
    *,
    to: str = RECORD,
    sound: bool = False,
    vouched: str = "mx.desk.example; dmarc=pass header.from={domain}",
    **headers: str,
) -> IncomingMail:
    mail = EmailMessage()
    if vouched:
        mail["Authentication-Results"] = vouched.format(domain=sender.rpartition("@")[2])
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Message-ID"] = f"<{abs(hash((sender, subject, text)))}@x>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    if sound:
        mail.add_attachment(b"RIFF....WAVE", maintype="audio", subtype="x-wav", filename="伝言.wav")
    return take_in(mail.as_bytes(), source="smtp", envelope_from=sender, envelope_to=[to], by=GATEWAY)


@pytest.mark.parametrize(
    ("subject", "text", "said"),
    [
        ("山田様", "VPNの件でした", Said("山田様", "", "VPNの件でした")),
        ("迂回", "お客様：山田花子\n受けた人: 伊藤\n用件： VPN", Said("山田花子", "伊藤", "VPN")),
        (
            "迂回",
            "お客様: 山田花子\n用件: VPNが切れる\n\n昼から3回。\n受けた人: 伊藤\n\n--\n伊藤 誠\n",
            Said("山田花子", "伊藤", "VPNが切れる\n\n昼から3回。"),
        ),
        ("迂回", "お客様: 山田花子\n内容: VPN\nつながらない\n-- \n伊藤 誠", Said("山田花子", "", "VPN\nつながらない")),
        ("Re: Fw: 迂回の連絡", "> 相手: みなと商事\n> 内容: 見積", Said("みなと商事", "", "見積")),
        ("FW: x", FORWARDED, Said("山田 花子 <hanako.yamada@minato.example>", "高橋 健 <takahashi@example.jp>",
                                  "VPNがつながりません")),
        ("留守番電話 09011112222 より", "", Said("090-1111-2222", "", "")),
        ("Fwd: Voicemail message from 03-5000-1234", "折り返し希望", Said("03-5000-1234", "", "折り返し希望")),
        ("", "電話は 090-1111-2222 から", Said("090-1111-2222", "", "電話は 090-1111-2222 から")),
        ("", "", Said("", "", "")),
    ],
)  # fmt: skip
def test_the_three_fields_are_read_plainly(subject: str, text: str, said: Said) -> None:
    assert read(subject, text) == said


def test_a_mail_of_ours_to_the_record_address_is_a_bypass_and_no_ticket(cast: Cast) -> None:
    mail = written(cast.takahashi.email, "山田 花子様", "VPNの件でした")
    contact = Interaction.objects.get()
    assert (contact.channel, contact.person, contact.organization) == ("bypass", cast.yamada, cast.minato)
    assert (contact.staff, contact.summary, contact.mail) == (cast.takahashi, "VPNの件でした", mail)
    assert mail.state == IncomingMail.State.TAKEN
    assert not Ticket.objects.exists()
    assert written(cast.takahashi.email, "山田 花子様", "VPNの件でした") == mail
    assert Interaction.objects.count() == 1


def test_a_forwarded_voicemail_keeps_its_sound_and_names_the_caller(cast: Cast) -> None:
    written(cast.ito.email.upper(), "FW: 留守番電話 090-1111-2222", sound=True)
    contact = Interaction.objects.get()
    assert (contact.person, contact.staff, contact.summary) == (cast.yamada, cast.ito, "留守番電話")
    sound = contact.attachments.get()
    assert (sound.name, sound.content_type) == ("伝言.wav", "audio/x-wav")


def test_whom_they_reached_may_be_somebody_else(cast: Cast) -> None:
    written(cast.sato.email, "迂回", "お客様: 知らない会社\n受けた人: 高橋\n用件: 請求")
    contact = Interaction.objects.get()
    assert (contact.staff, contact.person, contact.contact_name) == (cast.takahashi, None, "知らない会社")


@pytest.mark.parametrize(
    "vouched", ["", "mx.elsewhere.example; dmarc=pass header.from={domain}", "mx.desk.example; dmarc=fail (p=none)"]
)
def test_a_mail_that_nobody_vouches_for_records_nothing_until_its_sender_says_so(cast: Cast, vouched: str) -> None:
    mail = written(cast.takahashi.email, "山田 花子様", "VPNの件でした", sound=True, vouched=vouched)
    draft = BypassDraft.objects.get()
    assert (draft.mail, draft.staff, mail.state) == (mail, cast.takahashi, IncomingMail.State.TAKEN)
    assert not Interaction.objects.exists()
    assert not Ticket.objects.exists()
    assert Notification.objects.get(staff=cast.takahashi).kind == "bypass.drafted"
    with pytest.raises(Refused):
        confirm_draft(draft, by=cast.sato)
    contact = confirm_draft(draft, by=cast.takahashi)
    assert (contact.person, contact.staff, contact.mail) == (cast.yamada, cast.takahashi, mail)
    assert contact.attachments.count() == 1
    for act in (confirm_draft, disown_draft):
        with pytest.raises(Refused):
            act(draft, by=cast.takahashi)
    assert Interaction.objects.count() == 1


def test_old_drafts_and_those_of_who_left_are_settled_by_whoever_leads_them(cast: Cast) -> None:
    mail = written(cast.sato.email, "山田 花子様", "VPN", vouched="")
    draft, now = BypassDraft.objects.get(), timezone.now()
    for leader, team in ((cast.suzuki, cast.call_centre), (cast.ito, cast.network)):
        Membership.objects.create(staff=leader, team=team, role=Role.SUPERVISOR)

    def settled_by(at: datetime) -> set[str]:
        staff = [row for row in Staff.objects.all() if BypassDraft.objects.to_settle(access_of(row), at).exists()]
        return {row.name for row in staff}

    own, leaders = {cast.sato.name}, {cast.suzuki.name, cast.hayashi.name, cast.admin.name}
    assert settled_by(now) == own
    assert settled_by(now + timedelta(days=2)) == own | leaders
    cast.sato.is_active = False
    cast.sato.save()
    assert settled_by(now) - own == leaders
    with pytest.raises(Refused):
        confirm_draft(draft, by=cast.ito)
    contact = confirm_draft(draft, by=cast.hayashi)
    assert (contact.staff, contact.mail) == (cast.sato, mail)
    assert Entry.objects.get(kind="bypass.recorded").actor_id == cast.hayashi.pk


def test_whoever_leads_hears_once_of_a_mail_that_has_waited_a_working_day(cast: Cast) -> None:
    for leader, team in ((cast.suzuki, cast.call_centre), (cast.ito, cast.network)):
        Membership.objects.create(staff=leader, team=team, role=Role.SUPERVISOR)
    Membership.objects.create(staff=cast.sato, team=cast.service_desk, role=Role.SUPERVISOR)
    friday = datetime(2026, 8, 21, 6, 0, tzinfo=UTC)
    with freeze_time(friday):
        written(cast.sato.email, "山田 花子様", "VPN", vouched="")
        written(cast.takahashi.email, "山田 花子様", "VPN", vouched="")
        disown_draft(BypassDraft.objects.get(staff=cast.takahashi), by=cast.takahashi)

    def told(after: timedelta) -> list[Staff]:
        for _worker in range(2):
            remind_of_drafts(friday + after)
        found = Notification.objects.filter(kind="bypass.draft_waits").order_by("staff_id")
        return [row.staff for row in found.select_related("staff")]

    assert told(timedelta(days=2, hours=23)) == []
    # Of the call centre the own supervisor; of the service desk, which she leads herself, nobody else.
    assert told(timedelta(days=3)) == [cast.suzuki]
    assert told(timedelta(days=9)) == [cast.suzuki]
    words = Notification.objects.get(kind="bypass.draft_waits").words
    assert words == "佐藤 美咲さん名義の記録用アドレス宛メールが 8/21(金) 15:00 から確認待ちです。"
    assert BypassDraft.objects.to_settle(access_of(cast.suzuki), friday + timedelta(days=3, minutes=1)).exists()


@pytest.mark.parametrize(
    ("login", "leader"), [("watanabe", "hayashi"), ("ogawa", "mori"), ("mori", "hayashi"), ("hayashi", "admin")]
)
def test_who_leads_is_never_whom_the_mail_names_and_there_is_always_somebody(
    cast: Cast, login: str, leader: str
) -> None:
    written(getattr(cast, login).email, "山田 花子様", "VPN", vouched="")
    remind_of_drafts(timezone.now() + timedelta(days=20))
    told = [row.staff for row in Notification.objects.filter(kind="bypass.draft_waits")]
    assert told == [getattr(cast, leader)]


def test_where_no_server_vouches_for_anybody_a_mail_is_recorded_at_once(cast: Cast, settings: Any) -> None:
    settings.MAIL_VOUCHERS = ()
    written(cast.takahashi.email, "山田 花子様", "VPNの件でした", vouched="")
    assert Interaction.objects.get().staff == cast.takahashi
    assert not BypassDraft.objects.exists()


def test_a_forged_mail_is_disowned_and_kept(cast: Cast) -> None:
    mail = written(cast.takahashi.email, "偽物", "x", vouched="")
    disown_draft(BypassDraft.objects.get(), by=cast.takahashi)
    assert not BypassDraft.objects.exists()
    assert not Interaction.objects.exists()
    assert Entry.objects.get(kind="bypass.disowned").actor_id == cast.takahashi.pk
    assert IncomingMail.objects.get() == mail


def test_a_mail_with_two_senders_is_not_taken_for_the_one_who_is_vouched_for(cast: Cast) -> None:
    raw = (
        "Authentication-Results: mx.desk.example; dmarc=pass header.from=example.jp\r\n"
        f"From: {cast.takahashi.email}, x@elsewhere.example\r\nTo: {RECORD}\r\nSubject: x\r\n\r\ny\r\n"
    )
    take_in(raw.encode(), source="smtp", envelope_from="x@elsewhere.example", envelope_to=[RECORD], by=GATEWAY)
    assert BypassDraft.objects.exists()


@pytest.mark.parametrize("case", ["stranger", "left", "elsewhere", "off"])
def test_who_is_not_ours_or_writes_elsewhere_is_answered_like_everybody(cast: Cast, settings: Any, case: str) -> None:
    sender = "someone@elsewhere.example" if case == "stranger" else cast.takahashi.email
    if case == "left":
        Staff.objects.filter(pk=cast.takahashi.pk).update(is_active=False)
    if case == "off":
        settings.RECORD_ADDRESS = ""
    written(sender, "質問", "教えてください", to="desk@desk.example" if case == "elsewhere" else RECORD)
    assert Interaction.objects.get().channel == "mail"
    assert Ticket.objects.count() == 1


def test_the_journal_keeps_a_name_as_long_as_the_contact_does(cast: Cast) -> None:
    contact = record_bypass(who="x" * 10_000, what="VPN", reached=cast.ito, by=cast.sato)
    assert Entry.objects.get(kind="bypass.recorded").data["who"] == contact.contact_name == "x" * 200


def test_hostile_mails_are_recorded_as_they_are(cast: Cast) -> None:
    written(cast.sato.email, "<script>" + "あ" * 3000, "お客様: " + "x" * 100_000)
    contact = Interaction.objects.get()
    assert len(contact.contact_name) <= 200


def test_what_is_typed_means_one_or_nobody(cast: Cast) -> None:
    cast.minato.refresh_search()
    cast.minato.save()
    assert meant_by("山田花子様") == (cast.yamada, cast.minato)
    assert meant_by("やまだ はなこ") == (cast.yamada, cast.minato)
    assert meant_by("みなと商事 山田 花子")[0] in (cast.yamada, None)
    assert meant_by("hanako.yamada@minato.example") == (cast.yamada, cast.minato)
    assert meant_by("０９０−１１１１−２２２２") == (cast.yamada, cast.minato)
    assert meant_by("03-5000-1234") == (None, cast.minato)
    assert meant_by("みなと商事") == (None, cast.minato)
    assert meant_by("経理の岡田さん") == (None, None)
    assert meant_by("") == (None, None)
    assert staff_meant_by("高橋") == staff_meant_by("たかはし") == staff_meant_by("takaha") == cast.takahashi
    assert staff_meant_by(cast.ito.email) == cast.ito
    assert staff_meant_by("だれか") is None
    assert find_colleagues("2001", among=Staff.objects.all()) == [cast.takahashi]


def bypassed(cast: Cast, reached: Staff, times: int, day: int = 5) -> None:
    for hour in range(times):
        at = datetime(2026, 10, day, 9 + hour, 0, tzinfo=timezone.get_default_timezone())
        record_bypass(who="山田", what="VPN\nの件", reached=reached, person=cast.yamada, at=at, by=cast.sato)


def at_night(day: int, hour: int) -> Any:
    return datetime(2026, 11, day, hour, 0, tzinfo=timezone.get_default_timezone())


def test_who_was_reached_often_gets_one_friendly_letter_a_month(cast: Cast) -> None:
    bypassed(cast, cast.takahashi, 4)
    bypassed(cast, cast.ito, 2)
    with freeze_time(at_night(1, 8)):
        assert send_letters() == 0
    with freeze_time(at_night(1, 10)):
        assert send_letters() == 1
        assert send_letters() == 0
    mail = OutgoingMail.objects.get()
    assert (mail.to, mail.is_automatic) == ([cast.takahashi.email], True)
    assert "ありがとうございます" in mail.body
    assert "2026年10月に、窓口を通らず直接届いたお問い合わせは4件でした" in mail.body
    assert mail.body.count("株式会社みなと商事 山田 花子: VPN の件") == 4
    assert RECORD in mail.body
    assert BypassLetter.objects.get().contacts == 4
    bypassed(cast, cast.ito, 1, day=20)
    with freeze_time(at_night(2, 0)):
        assert send_letters() == 1
    bypassed(cast, cast.sato, 5)
    with freeze_time(at_night(15, 10)):
        assert send_letters() == 0


def test_a_letter_repeats_nothing_that_a_mail_said(cast: Cast) -> None:
    for place in range(3):
        written(cast.takahashi.email, f"https://evil.example/{place}", "今すぐ https://evil.example へ")
    body = letter_of(cast.takahashi, timezone.localdate().replace(day=1)).body
    assert "evil" not in body
    assert body.count("メールで記録") == 3


def test_letters_can_be_switched_off(cast: Cast) -> None:
    bypassed(cast, cast.takahashi, 4)
    set_letters(sends=False, at_least=3, by=cast.hayashi)
    with freeze_time(at_night(1, 10)):
        assert send_letters() == 0
    set_letters(sends=True, at_least=5, by=cast.hayashi)
    with freeze_time(at_night(1, 10)):
        assert send_letters() == 0
    assert not OutgoingMail.objects.exists()


def test_of_mails_that_waited_before_the_update_leaders_hear_after_a_day(cast: Cast) -> None:
    mail = written(cast.sato.email, "山田 花子様", "VPN", vouched="")
    BypassDraft.objects.update(remind_at=None)
    migration = import_module("madoguchi.interactions.migrations.0013_leaders_hear_of_mails_that_wait")
    migration.a_day_after(apps, connection.schema_editor())
    assert BypassDraft.objects.get().remind_at == mail.received_at + timedelta(days=1)
