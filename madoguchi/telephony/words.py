"""What calls are called where people read them."""

from django.utils.translation import gettext as _

from madoguchi.foundation import phone
from madoguchi.telephony.models import Order, Outcome


def caller_words(*, number: str, presentation: str) -> str:
    """The caller's number as it is written in Japan, or why there is none (非通知, 公衆電話 …)."""
    if number:
        return phone.display(number)
    return {
        "restricted": _("Number withheld"),
        "payphone": _("Pay phone"),
        "unavailable": _("Number not available"),
    }.get(presentation, _("Number unknown"))


def offer_words(result: str | None) -> str:
    """How it ended that somebody's telephone rang."""
    return {
        "answered": _("answered"),
        "no_answer": _("let it ring"),
        "rejected": _("rejected it"),
        "busy": _("was busy"),
        "caller_gone": _("the caller hung up before"),
        "picked_up_by_other": _("somebody else answered"),
        "failed": _("telephone not reached"),
    }.get(result or "", _("how it ended is not known"))


def why_not_called(order: Order) -> str:
    """Why a number that was clicked is not called, in a few words; its own telephone is rung first."""
    if order.state != Order.State.FAILED:
        return str(Order.State(order.state).label)
    found = {"no_answer": Outcome.OPERATOR_NO_ANSWER, "hung_up": Outcome.OPERATOR_NO_ANSWER, "busy": Outcome.BUSY}
    words = str(found.get(order.result, Outcome.FAILED).label)
    return f"{words} {order.result}" if " " in order.result else words  # a sentence of the telephone system's own


def why_not_passed(order: Order) -> str:
    """Why the telephone system did not transfer a call, in a few words; empty when it does not say."""
    if order.state != Order.State.FAILED:
        return str(Order.State(order.state).label)
    if order.result == "not_in_call":
        return _("You are not in this call.")
    return order.result if " " in order.result else ""
