import pytest
from hypothesis import given
from hypothesis import strategies as st

from madoguchi.mail.quote import cut

NEW = "佐藤様\nお世話になっております。\n再起動で直りました。\n"
QUOTED = "> 山田様\n> お試しください。\n"
OUTLOOK = "差出人: 窓口 <desk@example.com>\n送信日時: 2026年8月21日 14:05\n宛先: 山田 <yamada@example.co.jp>\n"
OUTLOOK += "件名: Re: 障害\n\n山田様\nお試しください。\n"
SIGNATURE = (
    "━━━━━━━━━━━━━━\nみなと商事株式会社 総務部\n山田 花子\nTEL 03-1234-5678\nyamada@example.co.jp\n━━━━━━━━━━━━━━\n"
)


@pytest.mark.parametrize(
    "rest",
    [
        QUOTED,
        "\n" + QUOTED,
        "-----Original Message-----\nFrom: desk\n\n山田様\n",
        "----- 元のメッセージ -----\n差出人: 窓口\n",
        "---------- Forwarded message ---------\nFrom: x\n",
        "2026年8月21日(金) 14:05 窓口 <desk@example.com>:\n\n" + QUOTED,
        "2026年8月21日(金) 14:05 みなと商事株式会社\n窓口 <desk@example.com>:\n" + QUOTED,
        "2026/08/21 14:05、窓口 <desk@example.com>のメール:\n\n" + QUOTED,
        "On Fri, Aug 21, 2026 at 2:05 PM Desk <desk@example.com> wrote:\n" + QUOTED,
        OUTLOOK,
        "________________________________\n" + OUTLOOK,
        "From: Desk <desk@example.com>\nSent: Friday, August 21, 2026 2:05 PM\nTo: Yamada\nSubject: RE: x\n\nhello\n",
        "-- \n山田\n",
        SIGNATURE,
        "＝＝＝＝＝＝＝＝＝＝\n山田 花子\nE-mail: yamada@example.co.jp\n",
        "*********************\n㈱みなと商事 山田\n*********************\n",
        "*:;;;:*:;;;:*\n山田\n".replace("*:;;;:*:;;;:*", "◆◇◆◇◆◇◆◇") + "https://example.co.jp\n",
        SIGNATURE + "\n" + OUTLOOK,
        QUOTED + "\n" + SIGNATURE,
    ],
)
def test_quotation_and_signature_are_cut_off(rest: str) -> None:
    new, cut_off = cut(NEW + rest)
    assert (new.strip(), cut_off.strip()) == (NEW.strip(), rest.strip())


def test_answers_between_quoted_lines_stay_with_what_they_answer() -> None:
    text = "2026年8月21日(金) 14:05 窓口 <desk@example.com>:\n"
    text += "> 電源は入りますか。\nはい、入ります。\n> 型番は。\nA1です。\n"
    assert cut(text) == (text, "")


def test_a_bare_forward_is_all_new() -> None:
    assert cut(OUTLOOK) == (OUTLOOK, "")
    assert cut(QUOTED) == (QUOTED, "")


def test_a_ruled_notice_is_no_signature() -> None:
    text = "■■■■■■■■\n作業のお知らせ\n■■■■■■■■\n" + "\n".join(f"{number}行目" for number in range(30)) + "\n"
    assert cut(text) == (text, "")


PIECES = [line for text in (NEW, QUOTED, OUTLOOK, SIGNATURE) for line in text.splitlines(keepends=True)]


@given(st.lists(st.sampled_from([*PIECES, "\n", "-- \n", "x", "\r\n"])))
def test_nothing_is_lost(lines: list[str]) -> None:
    text = "".join(lines)
    assert "".join(cut(text)) == text
