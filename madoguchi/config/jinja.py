"""The Jinja2 environment of all pages: translations, filters, ``ui`` (components) and ``icon()``."""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import json_script
from django.utils.translation import get_language, gettext
from jinja2 import StrictUndefined
from markupsafe import Markup

from madoguchi.calendars.words import working_span
from madoguchi.foundation import dates, phone
from madoguchi.telephony.words import caller_words
from madoguchi.web.shell.components import Components
from madoguchi.web.shell.icons import icon
from madoguchi.web.shell.links import linked
from madoguchi.web.shell.templates import Pages
from madoguchi.web.shell.terms import terms

_E164 = re.compile(r"\+\d{8,15}")


def _static(path: str) -> str:
    """The served address of a static file; before anything was collected (tests, development) the plain one."""
    try:
        return static(path)
    except ValueError:
        return f"{settings.STATIC_URL}{path}"


@lru_cache(maxsize=10_000)  # a list asks for the addresses of the same rows again and again
def _url(name: str, *args: Any, **kwargs: Any) -> str:
    return reverse(name, args=args, kwargs=kwargs)


def _json_script(value: Any, element_id: str) -> Markup:
    return Markup(json_script(value, element_id))


def _answer(value: Any) -> Any:
    """What was answered to a hearing item, as people read it: yes and no in words, numbers in their own writing."""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    return phone.display(value) if isinstance(value, str) and _E164.fullmatch(value) else value


def _working(span: timedelta | float) -> str:
    """Working time, never in days: ``16時間30分``."""
    return working_span(int(span.total_seconds() if isinstance(span, timedelta) else span))


def _time_of_day(moment: datetime) -> str:
    """``14:05:12``."""
    return f"{timezone.localtime(moment):%H:%M:%S}"


def environment(**options: Any) -> Pages:
    """The environment; called once by Django's engine with the options of settings.TEMPLATES."""
    return Pages(
        settings.LANGUAGE_CODE,
        _furnish,
        **options
        | {
            "undefined": StrictUndefined,
            "trim_blocks": True,
            "lstrip_blocks": True,
            "cache_size": -1,
            "extensions": ["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
        },
    )


def _furnish(env: Pages) -> None:
    """What every template finds."""
    env.policies["ext.i18n.trimmed"] = True
    env.globals.update(
        caller_words=caller_words,
        icon=icon,
        language=get_language,
        now=timezone.now,
        static=_static,
        timedelta=timedelta,
        ui=Components(env),
        url=_url,
    )
    env.tests.update(callable_number=phone.is_callable)
    env.filters.update(
        answer=_answer,
        clock=dates.clock,
        date_and_time=dates.date_and_time,
        duration=dates.duration,
        json_script=_json_script,
        linked=linked,
        long_time=dates.long_time,
        phone=phone.display,
        short_date=dates.short_date,
        full_date=dates.full_date,
        short_time=dates.short_time,
        terms=terms,
        time_of_day=_time_of_day,
        working=_working,
        written_time=lambda text: dates.short_time(datetime.fromisoformat(text)),
    )
