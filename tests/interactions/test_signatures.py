"""Numbers in the signatures of mails: proposed once, taken or dismissed by a person, never silently."""

from email.message import EmailMessage
from typing import Any

import pytest

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import NumberProposal
from madoguchi.interactions.signatures import accept_number, dismiss_number, numbers_in
from madoguchi.journal.record import NamedActor
from madoguchi.mail import quote
from madoguchi.mail.actions.take_in import take_in
from madoguchi.people.models import Staff
from madoguchi.people.queries import callers
from tests.cast import Cast

pytestmark = pytest.mark.django_db
SIGNATURE = """
━━━━━━━━━━━━━━━━━━━━
株式会社みなと商事 総務部 山田 花子
〒105-0001 東京都港区1-2-3
TEL：０３−５５５５−１２３４（直通） FAX 03-5555-1235
代表 03-5000-1234 ／ 携帯: 080-7777-8888
フリーダイヤル 0120-444-444
E-mail: hanako.yamada@minato.example
━━━━━━━━━━━━━━━━━━━━
"""


def writes(text: str, *, sender: str = "hanako.yamada@minato.example", serial: int = 1) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"山田 花子 <{sender}>", "desk@desk.example", "質問"
    mail["Message-ID"] = f"<{serial}-{abs(hash(text))}@x>"
    mail.set_content(text)
    take_in(mail.as_bytes(), source="smtp", envelope_from=sender, envelope_to=["desk@desk.example"], by=GATEWAY)


GATEWAY = NamedActor("system", "mail-gateway")


def proposed() -> list[str]:
    return sorted(NumberProposal.objects.filter(state="open").values_list("number", flat=True))


def test_direct_and_mobile_numbers_are_proposed_and_nothing_is_taken(cast: Cast) -> None:
    writes("お世話になっております。\nVPNの件です。\n" + SIGNATURE)
    assert proposed() == ["+81355551234", "+818077778888"]
    assert NumberProposal.objects.get(number="+818077778888").label == "携帯"
    assert "080-7777-8888" in NumberProposal.objects.get(number="+818077778888").written
    assert callers("080-7777-8888").people == []


def test_taken_it_is_theirs_and_dismissed_it_is_never_proposed_again(cast: Cast) -> None:
    writes("質問\n" + SIGNATURE)
    direct, mobile = NumberProposal.objects.order_by("number")
    accept_number(mobile, by=cast.sato)
    dismiss_number(direct, by=cast.sato)
    assert callers("080-7777-8888").people == [cast.yamada]
    assert (mobile.person.phones.get(number=mobile.number).label) == "携帯"
    for again in (accept_number, dismiss_number):
        with pytest.raises(Refused):
            again(direct, by=cast.suzuki)
    writes("もう一度\n" + SIGNATURE, serial=2)
    assert proposed() == []
    assert NumberProposal.objects.count() == 2


def test_numbers_of_the_text_and_of_what_is_quoted_are_not_a_signature(cast: Cast) -> None:
    writes("090-3333-4444 に電話してください。\n\n> -- \n> 林\n> TEL 03-9999-8888\n")
    writes("はい。\n\n2026年8月21日(金) 14:05 窓口 <desk@desk.example>:\n> 承ります\n> -- \n> 窓口 TEL 03-7777-6666\n")
    assert proposed() == []
    assert quote.signature("本文だけ") == ""
    assert quote.signature("本文\n-- \n山田\nTEL 03-5555-1234\n") == "-- \n山田\nTEL 03-5555-1234\n"


def test_our_own_numbers_and_those_of_departments_and_companies_are_never_proposed(cast: Cast, settings: Any) -> None:
    settings.OWN_NUMBERS = ("03-5555-0001",)
    Staff.objects.filter(pk=cast.takahashi.pk).update(mobile="090-5555-0002")
    own = "03-5555-0001", "090-5555-0002", "03-5000-2000", "03-5000-1234", "090-1111-2222", "1001"
    for place in range(0, len(own), 2):
        writes("x\n-- \n" + "\n".join(f"TEL {number}" for number in own[place : place + 2]), serial=place)
    assert proposed() == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("TEL/FAX 03-5555-1234", ["+81355551234"]),
        ("TEL 03-5555-1234 / FAX 03-5555-1235", ["+81355551234"]),
        ("ＦＡＸ：０３－５５５５－１２３５", []),
        ("F: 03-5555-1235  M: 090-5555-1111", ["+819055551111"]),
        ("代表電話 03-5555-1234", []),
        ("0570-00-1234 0120-444-444", []),
        ("ナビダイヤル 0570-064-000", []),
        ("登録番号 T1234567890123 郵便 105-0001 2026-08-21", []),
        ("+81 (0)90-5555-1111", ["+819055551111"]),
        ("非通知", []),
    ],
)
def test_what_a_signature_offers(line: str, found: list[str]) -> None:
    assert [number for number, *_rest in numbers_in(line)] == found


def test_hostile_signatures_propose_little(cast: Cast) -> None:
    many = "\n".join(f"TEL 03-5555-{number:04}" for number in range(1000, 1010))
    writes("x\n-- \n<script>alert(1)</script>\n" + many)
    assert len(proposed()) == 3
    for serial in range(2, 6):
        writes(f"x\n-- \nTEL 03-6666-{serial}001\nTEL 03-6666-{serial}002\nTEL 03-6666-{serial}003", serial=serial)
    assert len(proposed()) == 6
    writes("y\n-- \n" + "TEL " + "9" * 5000 + "\n" + "０" * 300, serial=9)
    writes("strange\n-- \nTEL 03-1234-9999", sender="nobody-known@else.example", serial=10)
    assert NumberProposal.objects.filter(person=cast.yamada).count() == 6
