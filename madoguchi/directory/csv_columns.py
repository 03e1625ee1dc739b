"""The columns of a directory in a CSV file, and how their cells are read and written."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from madoguchi.foundation import phone, span
from madoguchi.foundation.japanese import fold, search_key
from madoguchi.foundation.refusal import Refused
from madoguchi.people.models import ContactChannel

# Our word for a column; the Japanese one that is written; further ones that are read.
COLUMNS: dict[str, tuple[str, ...]] = {
    "department": ("部署", "部署コード", "部署キー"),
    "department_name": ("部署名",),
    "topic": ("照会事項",),
    "topic_name": ("照会事項名",),
    "order": ("順番", "順序", "優先順位"),
    "name": ("氏名", "名前", "担当者", "担当窓口"),
    "kana": ("フリガナ", "カナ", "よみ", "読み", "読み仮名", "reading"),
    "title": ("役職", "肩書"),
    "email": ("メール", "メールアドレス", "Eメール", "mail", "e-mail"),
    "phone": ("電話", "電話番号", "tel"),
    "extension": ("内線", "内線番号", "ext"),
    "mobile": ("携帯", "携帯電話", "携帯番号"),
    "channels": ("連絡手段", "連絡方法"),
    "chat_url": ("チャットURL", "chat"),
    "hours": ("営業時間", "勤務時間", "calendar"),
    "note": ("メモ", "備考"),
    "deputy": ("代理", "代理者"),
    "manager": ("責任者", "部署責任者"),
    "shared": ("共有メールボックス", "共有"),
    "key": ("キー", "社員番号", "id"),
    "name_en": ("英語名", "english name"),
    "about": ("問い合わせ内容", "担当業務"),
    "words": ("別の言い方", "also found by"),
    "answers_within": ("回答期限", "answers within"),
    "categories": ("分類",),
    "partner": ("社外", "another company"),
    "team": ("チーム",),
    "active": ("有効",),
    "organization": ("組織", "会社"),
}
_NAMED = {search_key(written).replace("_", ""): name for name, others in COLUMNS.items() for written in (name, *others)}
_CHANNELS = {"メール": "mail", "電話": "phone", "チャット": "chat", "SMS": "sms"}
_CHANNEL_OF = {fold(word): channel for word, channel in _CHANNELS.items()} | {
    one.value: one.value for one in ContactChannel
}
_YES = frozenset({"yes", "y", "true", "1", "はい", "有", "○", "◯", "〇", "有効"})
_NO = frozenset({"no", "n", "false", "0", "いいえ", "無", "×", "無効", "-"})
_FORMULA = ("=", "+", "-", "@")
_EXCEL_TEXT = re.compile(r'="([^"]*)"')
_SHORTENED = re.compile(r"\d(\.\d+)?[eE]\+\d+")
_SPLIT = re.compile(r"[\s,;、，；/／・>＞→]+")
_LONGEST = 10_000


def column_named(head: str) -> str:
    """Our word for a column, whatever it is called in the file; empty for one that is unknown."""
    return _NAMED.get(search_key(head).replace("_", ""), "")


def head_of(column: str) -> str:
    """What a column is called in a file in the language of the page."""
    return COLUMNS[column][0] if translation.get_language() == "ja" else column


def bare(cell: str) -> str:
    """A cell without what keeps a spreadsheet from changing it: ``'+81…``, ``="0312345678"``."""
    text = cell.replace("\0", "").replace("\u00a0", " ").strip()
    if len(text) > _LONGEST:
        raise Refused(_("A cell is too long: at most %(count)d characters.") % {"count": _LONGEST}, code="too_long")
    if text.startswith("'") and text.lstrip("'").startswith(_FORMULA):
        return text[1:]
    found = _EXCEL_TEXT.fullmatch(text)
    return found[1].strip() if found else text


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula; ``bare()`` gives it back."""
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def several(cell: str) -> list[str]:
    """The words of a cell, whatever stands between them."""
    return [word for word in _SPLIT.split(cell) if word]


def place(cell: str) -> float | None:
    """A place in a chain; None for an empty cell."""
    if not cell:
        return None
    try:
        return float(fold(cell))
    except ValueError:
        raise Refused(_("“%(text)s” is no place in an order.") % {"text": cell[:20]}, code="order") from None


def yes(cell: str) -> bool:
    """Yes or no; an empty cell is no."""
    word = fold(cell)
    if word in _YES:
        return True
    if word in _NO or not word:
        return False
    raise Refused(_("“%(text)s” is neither yes nor no.") % {"text": cell[:20]}, code="yes_no")


def _number(cell: str) -> str:
    """A telephone number; a Japanese one may have lost its first zero."""
    if _SHORTENED.fullmatch(cell):
        raise Refused(_("The spreadsheet has shortened a number to %(text)s.") % {"text": cell}, code="number")
    if not (number := phone.normalise(cell)):
        raise Refused(_("“%(number)s” is not a telephone number.") % {"number": cell[:60]}, code="number")
    return number


def _channels(cell: str) -> list[str]:
    found = []
    for word in several(cell):
        if fold(word) not in _CHANNEL_OF:
            raise Refused(_("“%(kind)s” is no way to reach somebody.") % {"kind": word[:40]}, code="channel")
        found.append(_CHANNEL_OF[fold(word)])
    return list(dict.fromkeys(found))


def _span(cell: str) -> int:
    """Seconds of a length of time."""
    if not (seconds := span.read(cell)):
        raise Refused(_("“%(text)s” is no length of time: write 4:00 or 30分.") % {"text": cell[:20]}, code="span")
    return seconds


def _written_channels(channels: list[str]) -> str:
    words = {channel: word for word, channel in _CHANNELS.items()} if translation.get_language() == "ja" else {}
    return " ".join(words.get(channel, channel) for channel in channels)


def _written_span(seconds: int | None) -> str:
    return span.write(seconds) if seconds else ""


def written_yes(value: object) -> str:
    """Yes in the language of the page, or nothing."""
    return ((translation.get_language() == "ja" and "はい") or "yes") if value else ""


class _Kept:
    """What an empty cell tells where it tells nothing."""


@dataclass(frozen=True)
class Cell:
    """A column that is one field; ``empty`` is what an empty cell tells (``_Kept``: nothing)."""

    field: str
    read: Callable[[str], Any] = str
    write: Callable[[Any], str] = str
    empty: Any = ""


_HOURS = Cell("calendar", str, lambda calendar: calendar.key if calendar else "", empty=None)
_ACTIVE = Cell("is_active", yes, written_yes, empty=_Kept)
CONTACT: dict[str, Cell] = {
    "kana": Cell("kana"),
    "title": Cell("title"),
    "email": Cell("email"),
    "phone": Cell("phone", _number, phone.display),
    "extension": Cell("extension"),
    "mobile": Cell("mobile", _number, phone.display),
    "channels": Cell("channels", _channels, _written_channels, empty=_Kept),
    "chat_url": Cell("chat_url"),
    "hours": _HOURS,
    "note": Cell("note"),
    "shared": Cell("is_shared", yes, written_yes, empty=False),
    "active": _ACTIVE,
}
TOPIC: dict[str, Cell] = {
    "topic_name": Cell("name", empty=_Kept),
    "name_en": Cell("name_en"),
    "words": Cell("words"),
    "answers_within": Cell("answer_within_s", _span, _written_span, empty=None),
    "order": Cell("position", lambda cell: int(place(cell) or 0), str, empty=_Kept),
    "active": _ACTIVE,
}
DEPARTMENT: dict[str, Cell] = {
    "name_en": Cell("name_en"),
    "kana": Cell("kana"),
    "about": Cell("about"),
    "phone": Cell("phone", _number, phone.display),
    "hours": _HOURS,
    "answers_within": Cell("answer_within_s", _span, _written_span, empty=_Kept),
    "partner": Cell("is_partner", yes, written_yes, empty=False),
    "team": Cell("team", str, lambda team: team.key if team else "", empty=None),
    "active": _ACTIVE,
}


def fields_told(row: Mapping[str, str], cells: Mapping[str, Cell], *, filled_only: bool = False) -> dict[str, Any]:
    """The fields that a row tells; ``filled_only``: its empty cells tell nothing."""
    told = {}
    for column, cell in cells.items():
        if row.get(column):
            told[cell.field] = cell.read(row[column])
        elif column in row and cell.empty is not _Kept and not filled_only:
            told[cell.field] = cell.empty
    return told


def cells_of(row: Any, cells: Mapping[str, Cell]) -> dict[str, str]:
    """The fields of a model's row as they are written."""
    return {column: cell.write(getattr(row, cell.field)) for column, cell in cells.items()}
