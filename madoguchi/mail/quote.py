"""What is new in a mail, apart from what it quotes and from the signature. Nothing is lost: new + rest is the text."""

import re

_QUOTED = re.compile(r"^[ \t]{0,2}(?:>|＞|\|)")
_SEPARATOR = re.compile(
    r"^[\s>]*[-_—─]{2,}\s*(?:original message|original appointment|forwarded message|元のメッセージ|元のメール"
    r"|転送メッセージ|転送されたメッセージ|ここから引用|以下、?引用|返信元)[^\n]{0,40}$",
    re.IGNORECASE,
)
_FROM = re.compile(r"^[\s*]*(?:差出人|送信者|送信元|From)\s*[*]?\s*[:：]", re.IGNORECASE)
_OTHER_FIELD = re.compile(
    r"^[\s*]*(?:送信日時|送信日|日時|日付|受信日時|宛先|件名|Sent|Date|To|Subject|Cc|CC)\s*[*]?\s*[:：]", re.IGNORECASE
)
_ADDRESS = r"[^\s<>@]+@[^\s<>@]+"
_ATTRIBUTION = (
    # 2026年8月21日(金) 14:05 山田 <yamada@example.co.jp>:
    re.compile(
        rf"^\s*\d{{4}}[年/.-]\s?\d{{1,2}}[月/.-]\s?\d{{1,2}}日?[^\n]{{0,30}}?\d{{1,2}}[:：時]\d{{2}}[^\n]{{0,120}}?"
        rf"(?:<{_ADDRESS}>|{_ADDRESS})[^\n]{{0,30}}[:：]\s*$"
    ),
    # 2026/08/21 14:05、山田のメール:  ・  2026年8月21日 14:05 山田さんは書きました:
    re.compile(r"^\s*\d{4}[年/.-][^\n]{0,140}(?:のメール|書きました|書いた|からのメール|さんより)\s*[:：]\s*$"),
    re.compile(r"^\s*[^\n]{0,120}(?:は|さんが|さんは)(?:、)?書きました\s*[:：。]?\s*$"),
    re.compile(r"^\s*On [^\n]{6,200} wrote:\s*$", re.IGNORECASE),
    re.compile(rf"^\s*[^\n]{{0,80}}<?{_ADDRESS}>?[^\n]{{0,30}} (?:wrote|writes):\s*$", re.IGNORECASE),
    re.compile(r"^\s*(?:On|At) [^\n]{6,80},? \"?[^\n]{1,80}\"? wrote:\s*$", re.IGNORECASE),
)
_RULE = re.compile(r"^[\s　]*(?:([━＝=＊*─―\-_~～◆◇■□●○☆★・＋+／/#＃┏┓┗┛┳┻│┃＿‐–—])[\s　]*){5,}$")
_RULE_MIXED = re.compile(r"^[\s　]*[━＝=＊*─―\-_~～◆◇■□●○☆★・＋+／/#＃┏┓┗┛┳┻│┃＿‐–—:：.。゜]{6,}[\s　]*$")
_CONTACT = re.compile(
    r"TEL|ＴＥＬ|電話|FAX|ＦＡＸ|携帯|内線|〒|E-?mail|メール\s*[:：]|https?://|www\.|@|株式会社|㈱|有限会社|\(株\)|（株）|合同会社|事務所|[部課室係]\s|本社",
    re.IGNORECASE,
)
_LONGEST_SIGNATURE = 15
_LONGEST_LINE = 400


def cut(text: str) -> tuple[str, str]:
    """``(new_text, rest)``; ``rest`` begins with the quotation or the signature, whichever comes first.

    Answers written between quoted lines stay in ``new_text`` together with what they answer. When everything is
    quoted (a bare forward), everything is new.
    """
    lines = text.splitlines(keepends=True)
    beginnings = [line[:_LONGEST_LINE] for line in lines]
    end = _signature(beginnings, _quotation(beginnings))
    new = "".join(lines[:end])
    return (new, "".join(lines[end:])) if new.strip() else (text, "")


def signature(text: str) -> str:
    """The signature of whoever wrote the mail, without what is quoted; empty when there is none."""
    lines = [line[:_LONGEST_LINE] for line in text.splitlines(keepends=True)]
    quoted = _quotation(lines)
    start, end = _signature(lines, quoted), quoted
    if start == end:  # somebody may sign below what they quote
        start, end = _signature(lines, len(lines)), len(lines)
        if start < quoted or any(_QUOTED.match(line) for line in lines[start:end]):
            return ""
    return "".join(lines[start:end])


def _quotation(lines: list[str]) -> int:
    """The line where the trailing quotation begins, the number of lines when there is none."""
    after = _counts(lines)
    for place in range(len(lines)):
        if _SEPARATOR.match(lines[place]) or _is_header_block(lines, place):
            return _with_rule_above(lines, place)
        if (length := _attribution(lines, place)) and _all_quoted(lines, after, place + length):
            return place
    end = len(lines)
    while end and (not lines[end - 1].strip() or _QUOTED.match(lines[end - 1])):
        end -= 1
    quoted = any(_QUOTED.match(line) for line in lines[end:])
    if not quoted:
        # A quotation above the signature of somebody who answers on top: new text, quotes, signature.
        return _quotation_above_signature(lines)
    return _before_attribution(lines, end)


def _quotation_above_signature(lines: list[str]) -> int:
    signature = _signature(lines, len(lines))
    if signature == len(lines):
        return len(lines)
    end = signature
    while end and (not lines[end - 1].strip() or _QUOTED.match(lines[end - 1])):
        end -= 1
    quoted = any(_QUOTED.match(line) for line in lines[end:signature])
    return _before_attribution(lines, end) if quoted else len(lines)


def _before_attribution(lines: list[str], end: int) -> int:
    """An attribution may be one line or two directly above the quotation."""
    return next(
        (place for place in (end - 2, end - 1) if place >= 0 and _attribution(lines, place) == end - place), end
    )


def _attribution(lines: list[str], place: int) -> int:
    """How many lines (0, 1 or 2, for programs wrap them) say who wrote what follows."""
    line = lines[place]
    if any(pattern.match(line) for pattern in _ATTRIBUTION):
        return 1
    below = lines[place + 1] if place + 1 < len(lines) else ""
    alone = any(pattern.match(below) for pattern in _ATTRIBUTION)
    if line.strip() and below.rstrip().endswith((":", "：")) and not alone:
        joined = f"{line.rstrip()} {below.strip()}\n"
        if any(pattern.match(joined) for pattern in _ATTRIBUTION):
            return 2
    return 0


def _counts(lines: list[str]) -> list[tuple[int, int]]:
    """For each place: how many lines with words follow, and how many of them are quoted."""
    counts = [(0, 0)]
    for line in reversed(lines):
        words, quoted = counts[-1]
        counts.append((words + bool(line.strip()), quoted + bool(_QUOTED.match(line))))
    return counts[::-1]


def _all_quoted(lines: list[str], after: list[tuple[int, int]], start: int) -> bool:
    """Whether nothing but the quotation follows: all marked, or, in programs that do not mark, none."""
    words, quoted = after[min(start, len(lines))]
    first = next((line for line in lines[start : start + 5] if line.strip()), "")
    return quoted in {0, words} or not _QUOTED.match(first)


def _is_header_block(lines: list[str], place: int) -> bool:
    """差出人: … with 送信日時:, 宛先: or 件名: in the lines below, as Outlook copies it above a quotation."""
    if not _FROM.match(lines[place]):
        return False
    following = [line for line in lines[place + 1 : place + 7] if line.strip()]
    return sum(bool(_OTHER_FIELD.match(line)) for line in following) >= 2


def _with_rule_above(lines: list[str], place: int) -> int:
    """Outlook draws a line above the copied header; it belongs to the quotation."""
    above = place
    while above and not lines[above - 1].strip():
        above -= 1
    return above - 1 if above and _is_rule(lines[above - 1]) else place


def _signature(lines: list[str], end: int) -> int:
    """The line where the signature begins that ends the first ``end`` lines."""
    last = end
    while last and not lines[last - 1].strip():
        last -= 1
    first = max(0, last - _LONGEST_SIGNATURE)
    for place in range(first, last):
        line = lines[place].rstrip("\r\n")
        if line in {"-- ", "--"}:
            return place
        if _is_rule(line) and place + 1 < last and _CONTACT.search("".join(lines[place + 1 : last])):
            return place
    return end


def _is_rule(line: str) -> bool:
    return bool(_RULE.match(line) or _RULE_MIXED.match(line.rstrip("\r\n")))
