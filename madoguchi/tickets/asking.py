"""The language of the ticket search: words, numbers, codes, "quoted phrases" and filters in words.

    送信 「文字化けする」 status:open 分類:メール 担当:高橋 team:network

Keys are English or Japanese, in any width and case. What is not understood is told, never guessed.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from django.utils import timezone
from django.utils.translation import gettext as _

from madoguchi.catalog.queries import outline_named
from madoguchi.foundation.japanese import search_key
from madoguchi.people.access import Access
from madoguchi.people.models import Team
from madoguchi.people.queries import colleagues
from madoguchi.tickets.models import Priority, Status
from madoguchi.tickets.queries import TicketFilter

_QUOTED = re.compile(r"[\"“”„«»](?P<one>[^\"“”„«»]+)[\"“”„«»]|「(?P<two>[^「」]+)」|『(?P<three>[^『』]+)』")
_FILTER = re.compile(r"(?<!\S)(?P<key>[^\W\d_]{1,12})[:：](?!//)(?P<value>\"[^\"]+\"|「[^」]+」|\S+)")
_KEYS = {
    "status": ("status", "state", "状態", "ステータス"),
    "team": ("team", "holder", "チーム", "担当チーム"),
    "category": ("category", "分類", "カテゴリ", "カテゴリー"),
    "assignee": ("assignee", "担当", "担当者"),
    "priority": ("priority", "優先度", "優先"),
    "channel": ("channel", "経路", "チャネル"),
    "due": ("due", "期限"),
}
_STATUS = {
    "active": ("active", "open", "未解決", "対応中", "オープン"),
    Status.NEW: ("new", "新規"),
    Status.WAITING: ("waiting", "待ち", "保留", "回答待ち"),
    Status.RESOLVED: ("resolved", "解決", "解決済み", "解決済"),
    Status.CLOSED: ("closed", "完了", "クローズ", "終了"),
    "all": ("all", "any", "すべて", "全て"),
}
_PRIORITY = {
    Priority.LOW: ("low", "低"),
    Priority.NORMAL: ("normal", "中", "通常", "普通"),
    Priority.HIGH: ("high", "高"),
    Priority.URGENT: ("urgent", "緊急", "至急"),
}
_CHANNEL = {
    "phone": ("phone", "電話"),
    "mail": ("mail", "email", "メール"),
    "web": ("web", "フォーム", "ウェブ"),
    "chat": ("chat", "チャット"),
    "visit": ("visit", "来訪", "窓口"),
}
_ME = ("me", "自分", "私")
_NOBODY = ("none", "nobody", "なし", "無し", "未割当", "未定")
_LATE = ("late", "overdue", "超過", "期限切れ")


@dataclass(frozen=True)
class Asked:
    """What a search means: the words that are left, phrases that must stand so, and whether it asks for a status.

    ``unclear`` are sentences about what was not understood; ``impossible`` says that a filter names nothing there is.
    """

    words: str
    phrases: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    told: Mapping[str, str] = field(default_factory=dict)
    impossible: bool = False


def understand(text: str, wanted: TicketFilter, access: Access) -> tuple[TicketFilter, Asked]:
    """The filter with what the text says of it, and what was understood. What the text says outweighs the filter."""
    found: dict[str, str] = {}
    unclear: list[str] = []

    def take(match: re.Match[str]) -> str:
        name = _word(match["key"], _KEYS)
        if name is None:
            if _is_key_like(match["key"]):
                unclear.append(_("There is no filter “%(key)s”; it was looked for as a word.") % {"key": match["key"]})
            return match[0]
        found[name] = match["value"].strip('"「」')
        return " "

    rest = _FILTER.sub(take, text)
    phrases: list[str] = []

    def quote(match: re.Match[str]) -> str:
        phrases.append(match["one"] or match["two"] or match["three"])
        return f" {phrases[-1]} "

    words = " ".join(_QUOTED.sub(quote, rest).split())
    impossible = False
    for name, value in found.items():
        try:
            change = _READERS[name](value, access)
        except _Several:
            unclear.append(_("“%(value)s” fits several: write the whole name.") % {"value": value})
            impossible = True
            continue
        if change is None:
            unclear.append(_("There is no “%(value)s” to filter by.") % {"value": value})
            impossible = True
        else:
            wanted = replace(wanted, **change)  # type: ignore[arg-type]
    return replace(wanted, q=words, phrases=tuple(phrases)), Asked(
        words, tuple(phrases), tuple(dict.fromkeys(unclear)), found, impossible
    )


def _is_key_like(key: str) -> bool:
    """Whether somebody meant a filter: a word in Latin letters or kanji, and no host, drive or protocol."""
    return len(key) > 1 and unicodedata.normalize("NFKC", key).lower() not in {
        "http",
        "https",
        "mailto",
        "tel",
        "re",
        "fw",
    }


class _Several(Exception):
    """More than one thing has this name."""


type _Change = Mapping[str, object] | None


def _status(value: str, _access: Access) -> _Change:
    status = _word(value, _STATUS)
    if status is None:
        return None
    return {"status": () if status == "all" else (status,)}


def _priority(value: str, _access: Access) -> _Change:
    priority = _word(value, _PRIORITY)
    return None if priority is None else {"priority": (priority,)}


def _channel(value: str, _access: Access) -> _Change:
    channel = _word(value, _CHANNEL)
    return None if channel is None else {"channel": channel}


def _due(value: str, _access: Access) -> _Change:
    return {"due_before": timezone.now()} if search_key(value) in map(search_key, _LATE) else None


def _team(value: str, access: Access) -> _Change:
    teams = access.teams if access.is_partner else list(Team.objects.all())
    team = _one(value, {row.pk: (row.key, row.name, row.name_en) for row in teams})
    return None if team is None else {"team": team}


def _category(value: str, _access: Access) -> _Change:
    named = outline_named()
    category = _one(value, {key: names for key, names, _below in named})
    below = {key: ids for key, _names, ids in named}
    return None if category is None else {"category": below[category]}


def _assignee(value: str, access: Access) -> _Change:
    if search_key(value) in map(search_key, _ME):
        return {"assignee": access.staff.pk, "unassigned": False}
    if search_key(value) in map(search_key, _NOBODY):
        return {"assignee": None, "unassigned": True}
    names = {
        row.pk: (
            row.family_name,
            f"{row.family_name}{row.given_name}",
            row.kana,
            row.email.partition("@")[0],
            row.email,
        )
        for row in colleagues(access).only("family_name", "given_name", "kana", "email")
    }
    staff = _one(value, names)
    return None if staff is None else {"assignee": staff, "unassigned": False}


_READERS: Mapping[str, Callable[[str, Access], _Change]] = {
    "status": _status,
    "team": _team,
    "category": _category,
    "assignee": _assignee,
    "priority": _priority,
    "channel": _channel,
    "due": _due,
}


def _word[K](value: str, words: Mapping[K, tuple[str, ...]]) -> K | None:
    key = search_key(value)
    return next((name for name, writings in words.items() if key in map(search_key, writings)), None)


def _one(value: str, names: Mapping[int, tuple[str, ...]]) -> int | None:
    """The row of this name; else the one whose name begins so, or holds it; in any writing.

    Raises ``_Several`` when more than one fits equally well.
    """
    key = search_key(value).removesuffix("さん")
    keys = {row: [search_key(name) for name in writings if name] for row, writings in names.items()}
    for fits in (str.__eq__, str.startswith, str.__contains__):
        found = [row for row, writings in keys.items() if any(fits(name, key) for name in writings)]
        if found:
            if len(found) > 1:
                raise _Several
            return found[0]
    return None
