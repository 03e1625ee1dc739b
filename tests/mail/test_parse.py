import base64
import hashlib
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.mail.parse import parse
from tests.mail.samples import ARCHIVES, mail, mails_of, outlook_jis


def word(data: bytes, charset: str = "ISO-2022-JP") -> str:
    return f"=?{charset}?B?{base64.b64encode(data).decode()}?="


def test_a_mail_of_outlook_reads_right() -> None:
    raw = mail(
        {
            "From": f"{word(outlook_jis('髙橋　一郎'))} <takahashi@example.co.jp>",
            "To": "desk@example.com",
            "Subject": word(outlook_jis("㈱みなと商事：①見積の件")),
            "Date": "Fri, 21 Aug 2026 14:05:00 +0900 (JST)",
            "Message-ID": "<1@example.co.jp>",
            "In-Reply-To": "<0@desk>",
            "References": "<a@desk>\r\n <0@desk>",
            "Content-Type": "text/plain; charset=iso-2022-jp",
        },
        outlook_jis("お世話になっております。\r\n①②③ ㈱髙﨑です。\r\n"),
    )
    read = parse(raw).as_json()
    assert read["subject"] == "㈱みなと商事：①見積の件"
    assert read["from"] == "髙橋　一郎 <takahashi@example.co.jp>".replace("　", " ")
    assert read["to"] == ["desk@example.com"]
    assert read["date"] == "2026-08-21T14:05:00+09:00"
    assert (read["message_id"], read["in_reply_to"]) == ("<1@example.co.jp>", "<0@desk>")
    assert read["references"] == ["<a@desk>", "<0@desk>"]
    assert read["text"] == "お世話になっております。\n①②③ ㈱髙﨑です。\n"
    assert (read["html"], read["attachments"], read["auto_submitted"]) == (None, [], False)
    assert (read["charset_used"], read["warnings"]) == ("iso-2022-jp-ms", [])


def test_words_that_cut_a_character_or_an_escape_sequence_are_joined_first() -> None:
    data = outlook_jis("ご担当者様へお問い合わせ")
    utf = "ご担当者様へお問い合わせ".encode()
    for pieces, charset in (([data[:9], data[9:]], "ISO-2022-JP"), ([utf[:10], utf[10:17], utf[17:]], "UTF-8")):
        subject = "\r\n ".join(word(piece, charset) for piece in pieces)
        assert parse(mail({"Subject": subject})).subject == "ご担当者様へお問い合わせ"


def test_base64_that_is_cut_anywhere_is_joined_first() -> None:
    text = base64.b64encode("見積のお願い".encode()).decode().rstrip("=")
    subject = f"=?UTF-8?B?{text[:7]}?=\r\n =?UTF-8?B?{text[7:]}?="
    assert parse(mail({"Subject": subject})).subject == "見積のお願い"


def test_no_false_blanks_between_words_of_different_charsets() -> None:
    subject = f"{word(outlook_jis('日本'))}\r\n {word('語'.encode(), 'UTF-8')} =?us-ascii?Q?ok?= (Re)"
    assert parse(mail({"Subject": subject})).subject == "日本語ok (Re)"


@pytest.mark.parametrize("data", [outlook_jis("①障害の連絡"), "①障害の連絡".encode("cp932"), "①障害の連絡".encode()])
def test_headers_without_any_encoding_read_right(data: bytes) -> None:
    raw = mail({"Subject": data, "From": data.replace(b"\x1b(B", b"\x1b(B ") + b" <a@example.co.jp>"})
    read = parse(raw)
    assert read.subject == "①障害の連絡"
    assert (read.senders[0].name, read.senders[0].address) == ("①障害の連絡", "a@example.co.jp")


@pytest.mark.parametrize(
    "parameter",
    [
        b"filename*=UTF-8''%E8%A6%8B%E7%A9%8D%E2%91%A0.xlsx",
        b"filename*0*=UTF-8''%E8%A6%8B%E7;\r\n filename*1*=%A9%8D;\r\n filename*2*=%E2%91%A0.xlsx",
        b"filename*0*=iso-2022-jp''%1B%24B8%2B%40Q;\r\n filename*1*=-%21%1B%28B.xlsx",
        b'filename="' + word("見積①.xlsx".encode(), "UTF-8").encode() + b'"',
        b'filename="' + word(outlook_jis("見積①.xlsx")).encode() + b'"',
        b'filename="' + "見積①.xlsx".encode("cp932") + b'"',
        b'filename="' + "見積①.xlsx".encode() + b'"',
        b'filename="' + outlook_jis("見積①.xlsx") + b'"',
        b'filename="C:\\Users\\yamada\\' + "見積①.xlsx".encode("cp932") + b'"',
    ],
)
def test_names_of_attachments_read_right_in_all_their_ways(parameter: bytes) -> None:
    raw = mail(
        {"Content-Type": "application/octet-stream", "Content-Disposition": b"attachment; " + parameter}, b"data"
    )
    (attachment,) = parse(raw).as_json()["attachments"]
    assert attachment == {
        "name": "見積①.xlsx",
        "type": "application/octet-stream",
        "size": 4,
        "sha256": hashlib.sha256(b"data").hexdigest(),
    }


def test_names_with_commas_comments_and_groups_are_told_apart() -> None:
    to = '"山田, 太郎" <yamada@example.co.jp>, suzuki@example.co.jp (鈴木), 営業部: a@example.co.jp, <b@example.co.jp>;'
    read = parse(mail({"To": to.encode()}))
    assert [(address.name, address.address) for address in read.to] == [
        ("山田, 太郎", "yamada@example.co.jp"),
        ("鈴木", "suzuki@example.co.jp"),
        ("", "a@example.co.jp"),
        ("", "b@example.co.jp"),
    ]


def test_html_alone_becomes_text_with_its_structure() -> None:
    html = "<html><head><style>p{}</style></head><body><p>佐藤様</p><ul><li>一</li><li>二</li></ul>"
    html += "<table><tr><td>型番</td><td>A1</td></tr></table>"
    html += '<blockquote>前の文</blockquote><a href="https://example.com/x">こちら</a></body></html>'
    read = parse(mail({"Content-Type": "text/html; charset=utf-8"}, html.encode()))
    assert read.html == html
    assert read.text.split("\n") == [
        "佐藤様",
        "",
        "・一",
        "・二",
        "",
        "型番\tA1",
        "",
        "> 前の文",
        "",
        "こちら <https://example.com/x>",
    ]


def test_the_charset_in_the_html_counts_when_the_header_has_none() -> None:
    html = '<meta http-equiv="Content-Type" content="text/html; charset=shift_jis"><p>能登①</p>'
    assert parse(mail({"Content-Type": "text/html"}, html.encode("cp932"))).text == "能登①"


def parts(boundary: str, *blocks: str, end: bool = True) -> bytes:
    return "".join(f"--{boundary}\r\n{block}\r\n" for block in blocks).encode() + (
        f"--{boundary}--\r\n".encode() if end else b""
    )


def test_a_missing_boundary_and_a_missing_end_lose_nothing() -> None:
    blocks = ("Content-Type: text/plain; charset=utf-8\r\n\r\n本文", 'Content-Type: text/csv; name="a.csv"\r\n\r\n1,2')
    for kind in (
        "multipart/mixed",
        'multipart/mixed; boundary="other"',
        'multipart/mixed; boundary="b"',
        "multipart/mixed boundary=b",
    ):
        read = parse(mail({"Content-Type": kind}, parts("b", *blocks, end=False)))
        assert (read.text, [attachment.name for attachment in read.attachments]) == ("本文", ["a.csv"])


def test_a_mail_inside_a_mail_is_an_attachment() -> None:
    inner = "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner text"
    read = parse(mail({"Content-Type": "multipart/mixed; boundary=b"}, parts("b", "\r\nsee below", inner)))
    assert read.text == "see below"
    assert [(attachment.name, attachment.content) for attachment in read.attachments] == [
        ("inner.eml", b"Subject: inner\r\n\r\ninner text")
    ]


def test_uuencoded_files_in_the_text_become_attachments() -> None:
    body = b"see\r\nbegin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\nbye\r\n"
    read = parse(mail({}, body))
    assert [(attachment.name, attachment.content) for attachment in read.attachments] == [("a.txt", b"Cat")]
    assert "begin" not in read.text
    assert "bye" in read.text


def test_flowed_text_is_put_together() -> None:
    body = "長い行は \r\nここで折られる。\r\n> 引用 \r\n> の続き\r\n-- \r\n山田\r\n"
    read = parse(mail({"Content-Type": "text/plain; charset=utf-8; format=flowed; delsp=yes"}, body.encode()))
    assert read.text == "長い行はここで折られる。\n> 引用の続き\n-- \n山田\n"


@pytest.mark.parametrize("date", ["Whenever", "32 Aug 2026 99:99", "", "Fri, 21 Aug 99999 10:00:00 +0900"])
def test_an_unreadable_date_is_null_with_a_warning(date: str) -> None:
    read = parse(mail({"Date": date}))
    assert read.date is None
    assert any("date" in warning for warning in read.warnings)


def test_japanese_clocks_are_understood() -> None:
    assert parse(mail({"Date": "Fri, 21 Aug 2026 14:05:00 JST"})).date == datetime.fromisoformat(
        "2026-08-21T14:05:00+09:00"
    )


def test_a_very_deep_mail_is_read_and_does_not_stop_anything() -> None:
    raw = (
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3000))
        + b"\r\nend"
    )
    assert parse(raw).warnings


@given(st.binary(max_size=600))
def test_any_bytes_give_a_result(raw: bytes) -> None:
    parse(raw).as_json()


FRAGMENTS = [
    *(b"Content-Type: |multipart/mixed; boundary=b|text/html|text/plain; charset=|iso-2022-jp|message/rfc822").split(
        b"|"
    ),
    *(b"multipart/report; report-type=delivery-status|message/delivery-status|Final-Recipient: rfc822;").split(b"|"),
    *(b"Content-Transfer-Encoding: |base64|quoted-printable|x-uuencode|From: |Date: |<a@b>|name*0*=|begin 644 x").split(
        b"|"
    ),
    *(b'=?iso-2022-jp?B?|?=|GyRC|\x1b$B|\x1b(B|=|==|; |(|)|,|"|--b|--b--|--|<p>|<!--|&#x110000;').split(b"|"),
    *(b"\r\n|\n|\r|\r\n\r\n|\x00|\xff|\xed\xa0\x80").split(b"|"),
]


@given(st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=8)), max_size=60))
def test_any_broken_mail_gives_a_result_that_was_read(pieces: list[bytes]) -> None:
    read = parse(b"".join(pieces))
    assert not [warning for warning in read.warnings if warning.startswith("could not be read")]
    assert "\x00" not in str(read.as_json())
    str(read.as_json()).encode("utf-8")


@pytest.mark.parametrize("name", ARCHIVES)
def test_every_mail_of_the_collections_is_read(name: str) -> None:
    for file, raw in mails_of(name):
        warnings = parse(raw).warnings
        assert not [warning for warning in warnings if warning.startswith("could not be read")], file


def test_the_japanese_mails_of_the_collections_read_right() -> None:
    files = {name.rsplit("/", 1)[-1]: parse(raw) for name, raw in mails_of("mail-ruby")}
    assert files["japanese.eml"].subject == "まみむめも"
    assert files["japanese.eml"].text.startswith("かきくえこ")
    assert str(files["japanese.eml"].to[0]) == "みける <raasdnil@gmail.com>"
    assert files["japanese_iso_2022.eml"].text.strip() == "すみません。"
    assert files["japanese_shift_jis.eml"].text.startswith("あいうえお")
    assert files["japanese_attachment.eml"].attachments[0].name == "てすと.txt"
    assert files["japanese_attachment_long_name.eml"].attachments[0].name == "かきくけこ" * 5 + ".txt"
