"""An answer as a requester gets it: no mark is left, and nothing of what the marks said is lost."""

import pytest

from madoguchi.knowledge.plain_text import plain


@pytest.mark.parametrize(
    ("markdown", "wanted"),
    [
        ("", ""),
        ("## 手順\n\n1. **電源**を切る\n2. *待つ*\n", "手順\n\n1. 電源を切る\n2. 待つ"),
        ("* 紙\n* 線\n  - 赤\n", "・紙\n・線\n　・赤"),
        ("3) 三つ目\n   続き", "3) 三つ目\n   続き"),
        ("[手順書](https://a.example/x)を読む", "手順書（https://a.example/x）を読む"),
        ("See [the manual](https://a.example/x).", "See the manual (https://a.example/x)."),
        ("<https://a.example/> か [desk@a.example](mailto:desk@a.example)", "https://a.example/ か desk@a.example"),
        ("[電話](tel:03-5000-1234)、[裏](javascript:x)", "電話（03-5000-1234）、[裏](javascript:x)"),
        ("> 引用\n> 続き\n\n後", "引用\n続き\n\n後"),
        ("|項目|値|\n|---|---|\n|ポート|`587`|\n|暗号||\n", "項目: ポート / 値: 587\n項目: 暗号"),
        ("![設定の画面](picture:0123456789abcdef01234567)", "設定の画面"),
        ("前\n\n---\n\n後 ~~古い~~", "前\n\n後 古い"),
        ("```\nipconfig /all\n  *x*\n```", "ipconfig /all\n  *x*"),
        ("a_b_c 2 * 3 \\*そのまま\\* <b> &amp;", "a_b_c 2 * 3 *そのまま* <b> &"),
    ],
)
def test_marks_go_and_what_they_mean_stays(markdown: str, wanted: str) -> None:
    assert plain(markdown) == wanted
