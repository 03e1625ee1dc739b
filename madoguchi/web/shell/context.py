"""What the frame around every page shows; worked out only when the template asks for it."""

from functools import cache, cached_property

from django.conf import settings
from django.contrib.messages import get_messages
from django.contrib.messages.storage.base import BaseStorage
from django.contrib.staticfiles import finders
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from madoguchi.people.access import Access, Capability
from madoguchi.web.shell.menu import Item, exists, items

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "madoguchi_theme"


class Shell:
    """``shell`` in templates."""

    def __init__(self, request: HttpRequest, *, here: str = "") -> None:
        self._request = request
        self._here = here or request.path
        self._access: Access | None = getattr(request, "access", None)

    @cached_property
    def menu(self) -> list[Item]:
        return items(self._access, self._here) if self._access else []

    @cached_property
    def messages(self) -> BaseStorage | list[str]:
        return get_messages(self._request)

    @property
    def theme(self) -> str:
        theme = self._request.COOKIES.get(THEME_COOKIE, "auto")
        return theme if theme in THEMES else "auto"

    @property
    def language(self) -> str:
        return get_language() or settings.LANGUAGE_CODE

    @property
    def zone(self) -> str:
        """The zone of every time on the page, so that scripts write the same."""
        return timezone.get_current_timezone_name()

    @property
    def languages(self) -> list[tuple[str, str]]:
        return settings.LANGUAGES

    @property
    def scripts(self) -> tuple[str, ...]:
        """The modules every page loads; the live line's own once it is there."""
        return _scripts()

    @property
    def htmx_config(self) -> str:
        """No injected style, no timeouts below what a slow report needs; every answer but 204 is swapped in, and
        as it is at once: for the sake of transitions new fields would have the old values a moment longer, and lose
        what is typed.
        """
        return '{"includeIndicatorCSS": false, "noSwap": [204, 304], "defaultTimeout": 60000, "defaultSettleDelay": 0}'

    @property
    def words(self) -> dict[str, str]:
        """What the scripts say, in the language of the page."""
        return _words(self.language)

    @property
    def dials(self) -> str:
        """What a click on a number does: ``order`` a call, ``note`` one made by hand, or (empty) follow the link."""
        if self._access is None or not self._access.can(Capability.TAKE_CALLS):
            return ""
        return "order" if settings.ASTERISK and self._access.staff.extension else "note"

    def offers(self, path: str) -> bool:
        """Whether some page answers at ``path``: a slot of the frame stays empty until its segment is there."""
        return exists(path)


@cache
def _words(_language: str) -> dict[str, str]:
    return {
        "saved": _("Saved %s"),
        "saving": _("Saving…"),
        "unsaved": _("Not saved. Your text is kept in this browser; we keep trying."),
        "restored": _("Restored what was not saved before."),
        "signedOut": _("You are signed out. Your text is kept in this browser; sign in and it will be here."),
        "offline": _("No connection. What you typed is kept."),
        "slow": _("This is taking long."),
        "cancel": _("Cancel"),
        "close": _("Close"),
        "in": _("in %s"),
        "overdue": _("%s overdue"),
        "ago": _("%s ago"),
        "now": _("just now"),
        "day": _("%s d"),
        "hour": _("%s h"),
        "minute": _("%s min"),
        "second": _("%s s"),
        "ringing": _("Incoming call"),
        "discard": _("Discard what you typed?"),
        "termGone": _("This word is no longer explained."),
    }


@cache
def _scripts() -> tuple[str, ...]:
    return tuple(name for name in ("shell.js", "live.js") if finders.find(name))
