"""The page that a department's contact opens from the link in a question: no account, no cookie, no script.

The token in the address is the only key (docs/decisions/0016). Reading never decides: scanners open every link.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from madoguchi.consultations.actions.by_link import hear_by_link
from madoguchi.consultations.links import approach_of, has_expired
from madoguchi.consultations.models import Approach, State
from madoguchi.foundation.refusal import Refused
from madoguchi.people.queries import working_time_of
from madoguchi.web.answer import limits, times, uploads
from madoguchi.web.answer.queries import asked_next, colleagues, own_remarks
from madoguchi.web.answer.said import LATEST, LONGEST, Typed, new_form, said, typed
from madoguchi.web.shell.guard import public
from madoguchi.web.shell.render import page

type View = Callable[..., HttpResponse]


def unlisted(view: View) -> View:
    """In the language that the reader chose; kept by no cache and no search engine, and no other site learns of it."""

    @wraps(view)
    def shown(request: HttpRequest, **kwargs: str) -> HttpResponse:
        if (chosen := request.GET.get("lang", "")) in dict(settings.LANGUAGES):
            translation.activate(chosen)
        response = view(request, **kwargs)
        response["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return shown


@public
@unlisted
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Somebody came without a link."""
    return _words(request, "no_link", 200)


@public
@csrf_exempt
@unlisted
@require_http_methods(["GET", "HEAD", "POST"])
def page_of_link(request: HttpRequest, token: str) -> HttpResponse:
    """The question and what can be said to it; a POST is one of the four buttons."""
    address = limits.address_of(request)
    if limits.ADDRESS.passed(address):
        return _too_many(request, limits.ADDRESS)
    approach = approach_of(token)
    if approach is None:
        if limits.UNKNOWN.passed(address):
            return _too_many(request, limits.UNKNOWN)
        return _words(request, "expired" if has_expired(token) else "unknown", 404)
    if limits.LINK.passed(str(approach.pk)):
        return _too_many(request, limits.LINK)
    if request.method != "POST":
        return _heard(request, approach) or _page(request, approach)
    if limits.SENT.passed(str(approach.pk)):
        return _too_many(request, limits.SENT)
    return _hear(request, approach)


def _hear(request: HttpRequest, approach: Approach) -> HttpResponse:
    fields = typed(request)
    try:
        what = said(request, fields, colleagues(approach))
        remark = hear_by_link(approach, what.act, what.told, attachments=what.attachments, form=what.form)
    except Refused as refused:  # without script the page must come again with all that was written
        return _page(request, approach, fields, refused)
    language = translation.get_language() if "lang" in request.GET else ""
    return HttpResponseRedirect(f"{request.path}?heard={remark.pk}" + (f"&lang={language}" if language else ""))


def _page(
    request: HttpRequest, approach: Approach, fields: Typed | None = None, refused: Refused | None = None
) -> HttpResponse:
    now = timezone.now()
    hours = working_time_of(approach.contact or approach.consultation.department)
    context = {
        "colleagues": colleagues(approach),
        "times": times.choices(hours, now=now, later_than=approach.deadline_at),
        "earliest": timezone.localtime(now),
        "latest": timezone.localtime(now + LATEST),
        "longest": LONGEST,
        "accept": uploads.ACCEPT,
        "megabytes": uploads.LARGEST // 1024 // 1024,
        "most_files": uploads.MOST,
        "typed": fields or Typed(),
        "had_files": bool(request.FILES),
        "refused": refused,
        "form": new_form(),
    }
    return page(request, "answer/page.html", _about(approach) | context, status=refused.status if refused else 200)


def _heard(request: HttpRequest, approach: Approach) -> HttpResponse | None:
    """What happens next, after something was sent: also when that page is loaded again."""
    chosen = request.GET.get("heard", "")
    about = _about(approach)
    remark = next((row for row in about["own"] if str(row.pk) == chosen), None)
    if remark is None:
        return None
    return page(request, "answer/heard.html", about | {"remark": remark, "named": asked_next(approach, remark)})


def _about(approach: Approach) -> dict[str, Any]:
    """All that the holder of the link may know."""
    consultation = approach.consultation
    return {
        "desk": settings.MAIL_NAME,
        "asker": consultation.asked_by.family_name if consultation.asked_by else "",
        "approach": approach,
        "consultation": consultation,
        "own": own_remarks(approach),
        "withdrawn": consultation.state == State.WITHDRAWN,
        "settled": consultation.state in (State.ANSWERED, State.WITHDRAWN),
    }


def _too_many(request: HttpRequest, limit: limits.Limit) -> HttpResponse:
    response = _words(request, "too_many", 429)
    response["Retry-After"] = str(limit.seconds)
    return response


def _words(request: HttpRequest, which: str, status: int) -> HttpResponse:
    title, text = {
        "no_link": (
            _("Answering a question of the desk"),
            _("Each question that we send by mail has a link of its own. Please open the link in that mail."),
        ),
        "unknown": (
            _("This link does not work"),
            _("It may have been cut off on the way. Open it from the mail again, or simply reply to the mail."),
        ),
        "expired": (
            _("This link has expired"),
            _("If you still want to tell us something, simply reply to the mail."),
        ),
        "too_many": (
            _("One moment, please"),
            _("This page was asked for too often. Wait a little and load it again; what you sent is sent then."),
        ),
    }[which]
    return page(request, "answer/words.html", {"title": title, "text": text, "desk": settings.MAIL_NAME}, status=status)
