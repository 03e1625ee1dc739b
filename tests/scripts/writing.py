"""Scripts for tests: the one of メールの不具合, and how to switch it on."""

from typing import Any

from madoguchi.catalog.models import Category
from madoguchi.people.models import Staff
from madoguchi.scripts.actions.write import save_draft, switch_on
from madoguchi.scripts.models import ScriptVersion

ITEMS = ("error_code", "since_when", "impact", "steps_tried", "callback_number")


def yes(item: str) -> dict[str, Any]:
    return {"kind": "is", "item": item, "one_of": ["yes"]}


def mail_script() -> dict[str, Any]:
    """Greets, asks, branches on whether the web mail opens, ends solved or handed over with all five items."""
    return {
        "steps": [
            {"kind": "say", "key": "hello", "text": "{requester}、{operator}が承ります。", "text_en": "Hello."},
            {"kind": "ask", "key": "code", "item": "error_code", "text": "エラーコードは?", "required": True},
            {"kind": "ask", "key": "since", "item": "since_when", "text": "いつからですか。"},
            {"kind": "check", "key": "web", "item": "mail-web", "text": "ブラウザー版メールにサインインできる"},
            {"kind": "branch", "key": "fork", "ways": [{"when": [yes("mail-web")], "next": "fix"}], "next": "impact"},
            {"kind": "say", "key": "fix", "text": "{error_code}は設定で直ります。"},
            {"kind": "resolve", "key": "solved", "text": "送信ポートを587に変えた。", "reason": "no_article"},
            {"kind": "ask", "key": "impact", "item": "impact"},
            {"kind": "ask", "key": "tried", "item": "steps_tried"},
            {"kind": "ask", "key": "number", "item": "callback_number"},
            {"kind": "hand_over", "key": "to-desk", "text": "手順では直りませんでした({error_code})。"},
        ]
    }  # fmt: skip


def in_force(category: Category, by: Staff, definition: dict[str, Any] | None = None) -> ScriptVersion:
    """The script, switched on now."""
    return switch_on(save_draft(category, definition=definition or mail_script(), by=by), by=by)
