"""What a machine's mail means for a question: whether it arrived, and whether somebody is there to read it."""

import re
from enum import StrEnum

from madoguchi.mail.parse import ParsedMail
from madoguchi.mail.quote import cut


class Verdict(StrEnum):
    """``DELAYED``, ``FEEDBACK`` and ``NOTICE`` (a receipt, an acknowledgement) are shown and change nothing."""

    FAILED = "failed"
    DELAYED = "delayed"
    AWAY = "away"
    FEEDBACK = "feedback"
    NOTICE = "notice"


_LONGEST_READ = 3000
_OUR_SUBJECT = re.compile(r"\[[^\[\]\d]*\d+-\d-\d+\]")
_AWAY = re.compile(
    r"不在|休暇|お休みを?(?:いただ|頂|して|を)|休んで(?:おり|います)|出張(?:中|のため|して)|外出(?:中|のため|して)"
    r"|席を(?:外|はず)して|産休|育休|育児休|産前|休業中|休職|退職(?:し|いたし|と|のため)|異動(?:し|いたし|と|のため)"
    r"|out[- ]of[- ](?:the[- ]|my[- ])?office"
    r"|\b(?:on|annual|parental|maternity|paternity|sick) (?:leave|vacation|holiday)"
    r"|\baway (?:from|until|till|on)\b|\b(?:back|return(?:ing)?) (?:in the office|to the office|to work|on)\b"
    r"|no longer (?:with|works?|employed)|left the company",
    re.IGNORECASE,
)


def verdict_of(mail: ParsedMail) -> Verdict:
    """Of a mail that no person wrote."""
    if mail.bounce is not None:
        return Verdict.FAILED if mail.bounce.is_final else Verdict.DELAYED
    if mail.is_feedback:
        return Verdict.FEEDBACK
    # What it quotes of our question says nothing of them, and our own subject does not.
    subject = _OUR_SUBJECT.split(mail.subject[:300])[0]
    said = f"{subject}\n{cut(mail.text[:_LONGEST_READ])[0]}"
    return Verdict.AWAY if _AWAY.search(said) else Verdict.NOTICE
