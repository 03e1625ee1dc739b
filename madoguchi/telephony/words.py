"""What calls are called where people read them."""

from django.utils.translation import gettext as _

from madoguchi.foundation import phone


def caller_words(*, number: str, presentation: str) -> str:
    """The caller's number as it is written in Japan, or why there is none (非通知, 公衆電話 …)."""
    if number:
        return phone.display(number)
    return {
        "restricted": _("Number withheld"),
        "payphone": _("Pay phone"),
        "unavailable": _("Number not available"),
    }.get(presentation, _("Number unknown"))
