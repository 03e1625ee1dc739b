"""The four buttons of the answer page, as a browser without script and without cookies sends them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from madoguchi.consultations.actions.hear import answer
from madoguchi.consultations.actions.steer import reply, withdraw
from madoguchi.consultations.models import Approach, Remark, State
from madoguchi.files import store
from madoguchi.files.models import Attachment
from madoguchi.journal.models import Entry
from madoguchi.mail.models import OutgoingMail
from madoguchi.people.models import Contact
from tests.cast import Cast
from tests.web.answer.asked import SECRET, asked, link
from tests.web.answer.files import PDF, upload


def test_the_page_says_who_asks_what_by_when_and_what_can_be_done(cast: Cast) -> None:
    page = asked(cast).open()
    text = page.content.decode()
    assert page.status_code == 200
    assert "経理部への照会" in text
    assert "佐藤" in text
    assert "8月分の請求書は発行済みですか" in text
    assert "ご回答の期限" in text
    for word in ("回答する", "担当ではない", "もう少し時間がほしい", "聞き返す"):
        assert word in text


def test_an_answer_counts_and_the_page_says_what_happens_next(cast: Cast) -> None:
    at = asked(cast)
    page = at.send("answer", text="発行済みです。\r\n8月25日に発送しました。")
    assert page.redirect_chain[0][1] == 302
    assert "ご対応はこれで完了です" in page.content.decode()
    assert "8月25日に発送しました" in page.content.decode()
    at.consultation.refresh_from_db()
    assert at.consultation.answer is not None
    assert (at.consultation.state, at.consultation.answer.body) == (
        State.ANSWERED,
        "発行済みです。\n8月25日に発送しました。",
    )
    assert at.consultation.answer.author_name == "経理 窓口"
    entry = Entry.objects.get(kind="consultation.answered")
    assert (entry.actor_kind, entry.actor_name) == ("contact", "経理 窓口")


def test_files_are_kept_as_they_came(cast: Cast) -> None:
    at = asked(cast)
    at.send("answer", text="添付のとおりです", files=[upload("8月分.pdf", PDF, "text/html")])
    attachment = Attachment.objects.get()
    assert (attachment.name, attachment.content_type) == ("8月分.pdf", "application/pdf")
    assert store.read(attachment.file) == PDF
    assert list(Remark.objects.get(kind="answer").attachments.all()) == [attachment]


@pytest.mark.parametrize("verb", ["answer", "ask_back", "time", "decline"])
def test_files_come_with_each_button(cast: Cast, verb: str) -> None:
    at = asked(cast)
    until = timezone.localtime(timezone.now() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    at.send(verb, text="ご覧ください", until=until, files=[upload("画面.pdf", PDF)])
    assert Remark.objects.get(attachments__isnull=False).attachments.get().name == "画面.pdf"


def test_a_file_alone_is_an_answer(cast: Cast) -> None:
    at = asked(cast)
    at.send("answer", files=[upload("回答.pdf", PDF)])
    at.consultation.refresh_from_db()
    assert at.consultation.state == State.ANSWERED


def test_not_me_asks_the_next_of_the_chain(cast: Cast) -> None:
    at = asked(cast)
    page = at.send("decline", text="請求は担当していません")
    assert at.states() == [("経理 窓口", "declined"), ("岡田 部長", "asked")]
    assert "このあとは窓口が引き受けます" in page.content.decode()
    assert "岡田" not in page.content.decode()


def test_not_me_asks_the_colleague_who_was_chosen(cast: Cast) -> None:
    matsumoto = Contact.objects.create(department=cast.accounting, name="松本 恵", email="matsumoto@example.jp")
    at = asked(cast)
    assert f'<option value="{matsumoto.pk}">松本 恵</option>' in at.open().content.decode()
    page = at.send("decline", who=str(matsumoto.pk))
    assert at.states() == [("経理 窓口", "declined"), ("松本 恵", "asked")]
    assert "次に松本 恵 様へ照会します" in page.content.decode()


def test_somebody_new_at_a_known_domain_is_asked_at_once_and_entered_unconfirmed(cast: Cast) -> None:
    at = asked(cast)
    at.send("decline", name="松本 恵", email="matsumoto@example.jp")
    assert at.states()[-1] == ("松本 恵", "asked")
    assert Contact.objects.get(email="matsumoto@example.jp").is_confirmed is False
    assert OutgoingMail.objects.filter(to=["matsumoto@example.jp"]).exists()


def test_somebody_new_at_a_strange_domain_is_entered_but_gets_no_mail(cast: Cast) -> None:
    at = asked(cast)
    page = at.send("decline", name="だれか", email="someone@elsewhere.example")
    assert at.states()[-1] == ("岡田 部長", "asked")
    assert Contact.objects.get(email="someone@elsewhere.example").is_confirmed is False
    assert not OutgoingMail.objects.filter(to=["someone@elsewhere.example"]).exists()
    assert "窓口で確認してから" in page.content.decode()


def test_a_contact_of_another_department_cannot_be_chosen(cast: Cast) -> None:
    at = asked(cast)
    other = Contact.objects.create(
        department=cast.accounting.__class__.objects.create(key="hr", name="人事部"), name="人事", email="hr@example.jp"
    )
    at.send("decline", who=str(other.pk))
    assert at.states()[-1] == ("岡田 部長", "asked")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": "not an address"}, "メールアドレスの形"),
        ({"name": "松本", "phone": "内線"}, "電話番号"),
    ],
)
def test_what_cannot_be_reached_is_said_and_nothing_is_lost(cast: Cast, fields: dict[str, str], sentence: str) -> None:
    at = asked(cast)
    page = at.send("decline", text="担当は別の者です", **fields)
    text = page.content.decode()
    assert page.status_code == 422
    assert sentence in text
    assert "担当は別の者です" in text
    assert all(value in text for value in fields.values())
    assert at.states() == [("経理 窓口", "asked")]


def test_one_press_needs_time_until_the_end_of_a_working_day(cast: Cast) -> None:
    at = asked(cast, urgent=False)
    value = at.open().content.decode().partition('value="time ')[2].partition('"')[0]
    page = at.send(f"time {value}", text="確認します")
    at.consultation.refresh_from_db()
    assert at.consultation.state == State.NEEDS_TIME
    assert at.approach.state == Approach.State.NEEDS_TIME
    assert Remark.objects.get(kind="needs_time").body == "確認します"
    assert "それまで催促はしません" in page.content.decode()


def test_a_time_of_ones_own_is_read_in_the_desks_zone(cast: Cast) -> None:
    at = asked(cast)
    local = timezone.localtime(timezone.now() + timedelta(days=3)).replace(second=0, microsecond=0)
    at.send("time", until=local.strftime("%Y-%m-%dT%H:%M"))
    assert at.approach.deadline_at == local


@pytest.mark.parametrize(
    "until", ["", "garbage", "2020-01-01T10:00", "9999-12-31T23:59", "0001-01-01T00:00", "2026-13-45T99:99"]
)
def test_a_time_that_makes_no_sense_is_said(cast: Cast, until: str) -> None:
    at = asked(cast)
    page = at.send("time", until=until, text="少し待ってください")
    assert page.status_code == 422
    assert "日時" in page.content.decode() or "いつまで" in page.content.decode()
    assert "少し待ってください" in page.content.decode()
    assert at.states() == [("経理 窓口", "asked")]


def test_a_question_back_waits_for_the_desk_whose_reply_stands_on_the_page(cast: Cast) -> None:
    at = asked(cast)
    page = at.send("ask_back", text="何月分のことですか")
    at.consultation.refresh_from_db()
    assert at.consultation.state == State.ASKED_BACK
    assert "ご質問に窓口からお返事します" in page.content.decode()
    reply(at.consultation, body="8月分のことです", by=cast.sato)
    text = at.open().content.decode()
    assert "何月分のことですか" in text
    assert "8月分のことです" in text
    at.send("answer", text="発行済みです")
    at.consultation.refresh_from_db()
    assert at.consultation.state == State.ANSWERED


@pytest.mark.parametrize(("verb", "sentence"), [("answer", "回答を入力"), ("ask_back", "お知りになりたいこと")])
def test_nothing_is_said_by_an_empty_field(cast: Cast, verb: str, sentence: str) -> None:
    at = asked(cast)
    page = at.send(verb, text=" \n\t ")
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert not Remark.objects.exclude(kind="question").exists()


def test_the_same_form_twice_is_heard_once(cast: Cast) -> None:
    at = asked(cast)
    form = at.form()
    pages = [
        at.send("answer", form=form, text="発行済みです", files=[upload("a.pdf", PDF)]).content.decode()
        for _ in range(2)
    ]
    assert all("ご対応はこれで完了です" in page for page in pages)
    assert Remark.objects.filter(kind="answer").count() == 1
    assert Attachment.objects.count() == 1
    at.consultation.refresh_from_db()
    assert not at.consultation.to_review


def test_not_me_twice_passes_over_nobody(cast: Cast) -> None:
    at = asked(cast)
    form = at.form()
    for _ in range(2):
        at.send("decline", form=form)
    assert at.states() == [("経理 窓口", "declined"), ("岡田 部長", "asked")]


def test_back_and_another_text_is_another_answer(cast: Cast) -> None:
    at = asked(cast)
    form = at.form()
    at.send("answer", form=form, text="発行済みです")
    at.send("answer", form=form, text="訂正です。未発行でした")
    assert Remark.objects.filter(kind="answer").count() == 2
    at.consultation.refresh_from_db()
    assert at.consultation.to_review


def test_the_page_after_sending_may_be_loaded_again(cast: Cast) -> None:
    at = asked(cast)
    address = at.send("answer", text="発行済みです").redirect_chain[0][0]
    for _ in range(2):
        assert "ご対応はこれで完了です" in at.client.get(address).content.decode()
    assert Remark.objects.filter(kind="answer").count() == 1


def test_after_the_answer_of_another_the_page_thanks_and_still_takes_one(cast: Cast) -> None:
    at = asked(cast)
    answer(at.consultation, body="もう送りました、と岡田が言っています", name="岡田 部長", by=cast.sato)
    text = at.open().content.decode()
    assert "この照会は解決しました" in text
    assert "岡田" not in text
    assert "もう送りました" not in text
    assert 'value="decline"' not in text
    page = at.send("answer", text="遅くなりました")
    assert "すでに解決していました" in page.content.decode()
    assert Remark.objects.get(body="遅くなりました").late


def test_a_withdrawn_question_says_so_and_loses_nothing(cast: Cast) -> None:
    at = asked(cast)
    form = at.form()
    withdraw(at.consultation, note="解決しました", by=cast.sato)
    assert "取り下げられました" in at.open().content.decode()
    page = at.send("answer", form=form, text="書いている間に取り下げられた回答")
    assert "取り下げられていました" in page.content.decode()
    assert Remark.objects.filter(body="書いている間に取り下げられた回答").exists()
    at.consultation.refresh_from_db()
    assert (at.consultation.state, at.consultation.to_review) == (State.WITHDRAWN, True)


def test_whoever_was_passed_over_can_still_answer(cast: Cast) -> None:
    at = asked(cast)
    at.send("decline")
    at.send("answer", text="調べたら、私のところにありました")
    at.consultation.refresh_from_db()
    assert at.consultation.state == State.ANSWERED
    assert at.states() == [("経理 窓口", "answered"), ("岡田 部長", "settled")]


def test_the_page_tells_nothing_of_the_ticket_its_requester_or_the_others(cast: Cast) -> None:
    at = asked(cast)
    at.send("decline", text="わかりません")
    second = at.consultation.approaches.get(name="岡田 部長")
    page = at.client.get(link(second))
    assert "わかりません" not in page.content.decode()
    at.client.post(link(second), {"form": "x", "verb": "answer", "text": "岡田の答え"})
    for address in (at.link, link(second)):
        text = at.client.get(address).content.decode()
        assert [word for word in SECRET if word in text] == []
    assert "岡田の答え" not in at.open().content.decode()
    assert "岡田の答え" in at.client.get(link(second)).content.decode()


def test_a_remark_of_another_contact_is_not_shown_as_ones_own(cast: Cast) -> None:
    at = asked(cast)
    at.send("decline")
    second = at.consultation.approaches.get(name="岡田 部長")
    at.client.post(link(second), {"form": "x", "verb": "answer", "text": "岡田の答え"})
    remark = Remark.objects.get(body="岡田の答え")
    assert "岡田の答え" not in at.open(f"?heard={remark.pk}").content.decode()
