"""Ready-made rules: the criteria for escalation in use at Japanese desks. Made as drafts, so that nothing acts unasked.

Longer than the norm, beyond one's knowledge, no authority, another person demanded, possible harassment (カスハラ), a
priority not answered within n hours, an error code that stands in no manual; and two for the desk's own promises.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from madoguchi.journal.record import SYSTEM
from madoguchi.rules.actions.write import write_rule
from madoguchi.rules.models import Rule

_TELL: dict[str, Any] = {"kind": "notify", "whom": ["supervisors"]}
_TELL_AT_ONCE: dict[str, Any] = {"kind": "notify", "whom": ["supervisors"], "at_once": True}
_FIRST_LINE = {"kind": "line", "first": True}
_WRITTEN = {"kind": "event", "on": ["opened", "requester_wrote", "noted"]}


@dataclass(frozen=True)
class Ready:
    """A ready-made rule with its names in both languages."""

    key: str
    name: str
    name_en: str
    when: dict[str, Any]
    where: list[dict[str, Any]]
    then: list[dict[str, Any]]


def _lasting(state: str, minutes: int) -> dict[str, Any]:
    return {"kind": "time", "state": state, "seconds": minutes * 60, "working": True}


def _priority(*values: str) -> dict[str, Any]:
    return {"kind": "priority", "one_of": list(values)}


def _words(*words: str) -> dict[str, Any]:
    return {"kind": "words", "any_of": list(words), "by": "anybody"}


READY = (
    Ready(
        "urgent-not-accepted",
        "緊急の受け取り遅れ（30分）",
        "Urgent, not accepted in 30 minutes",
        _lasting("unaccepted", 30),
        [_priority("urgent")],
        [_TELL_AT_ONCE],
    ),
    Ready(
        "high-not-answered",
        "優先度「高」以上の回答遅れ（4時間）",
        "High or urgent, not answered in 4 hours",
        _lasting("unanswered", 240),
        [_priority("high", "urgent")],
        [_TELL],
    ),
    Ready(
        "longer-than-the-norm",
        "一次対応の長期化（60分）",
        "Longer than the norm at the first line (60 minutes)",
        _lasting("held", 60),
        [_FIRST_LINE, {"kind": "status", "one_of": ["new", "open"]}],
        [
            {
                "kind": "propose",
                "to": "*",
                "text": "標準の対応時間を超えています。二次対応への引き継ぎを検討してください。 "
                "Longer than the norm: consider handing it over.",
            }
        ],
    ),
    Ready(
        "beyond-knowledge",
        "知識の範囲を超えた問い合わせ（3回目の連絡）",
        "Beyond the first line's knowledge (asked three times)",
        {"kind": "event", "on": ["requester_wrote"]},
        [_FIRST_LINE, {"kind": "at_least", "of": "wrote", "number": 3}],
        [
            {
                "kind": "propose",
                "to": "*",
                "text": "3回目の連絡です。詳しいチームへの引き継ぎを検討してください。 "
                "Asked three times: consider handing it over.",
            }
        ],
    ),
    Ready(
        "no-authority",
        "権限を超える申し出（返金・例外）",
        "No authority to decide (refund, exception)",
        _WRITTEN,
        [_words("返金", "返品", "値引き", "補償", "例外対応", "特別対応", "refund", "compensation")],
        [
            {
                "kind": "propose",
                "text": "権限を超える判断です。約束せず、スーパーバイザーに確認してください。 "
                "Promise nothing; ask a supervisor.",
            },
            {"kind": "require_approval"},
        ],
    ),
    Ready(
        "another-person-demanded",
        "別の担当者・上司の要求",
        "Another person or a superior is demanded",
        _WRITTEN,
        [_words("上司", "責任者", "別の担当", "担当を代え", "担当を変え", "話にならない", "supervisor", "manager")],
        [_TELL],
    ),
    Ready(
        "harassment",
        "カスタマーハラスメントの疑い",
        "Possible harassment by a customer",
        _WRITTEN,
        [
            _words(
                "土下座",
                "殺す",
                "脅迫",
                "訴えてやる",
                "ネットに晒",
                "晒してやる",
                "誠意を見せ",
                "カスハラ",
                "脅す",
                "怒鳴",
            )
        ],
        [
            _TELL_AT_ONCE,
            {
                "kind": "propose",
                "text": "一人で対応せず、スーパーバイザーと対応してください。発言を記録してください。 "
                "Do not handle this alone; note what was said.",
            },
        ],
    ),
    Ready(
        "error-code-not-in-the-manual",
        "記事にないエラーコード",
        "An error code that stands in no article",
        {"kind": "event", "on": ["opened", "changed"]},
        [{"kind": "unknown_code"}, _FIRST_LINE],
        [
            {
                "kind": "propose",
                "to": "*",
                "text": "手順書にないエラーコードです。引き継ぎを検討してください。 "
                "The code stands in no article: consider handing it over.",
            }
        ],
    ),
    Ready(
        "returned-twice",
        "差し戻しの繰り返し（2回）",
        "Returned twice",
        {"kind": "event", "on": ["returned"]},
        [{"kind": "at_least", "of": "returns", "number": 2}],
        [_TELL],
    ),
)


@transaction.atomic
def make_ready_rules() -> int:
    """Write those that are not there yet, as drafts; how many. Safe to repeat: what somebody changed stays."""
    known = set(Rule.objects.filter(key__isnull=False).values_list("key", flat=True))
    new = [ready for ready in READY if ready.key not in known]
    for ready in new:
        definition = {"when": ready.when, "where": {"all": ready.where}, "then": ready.then}
        write_rule(key=ready.key, name=ready.name, name_en=ready.name_en, definition=definition, by=SYSTEM)
    return len(new)
