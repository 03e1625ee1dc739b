"""The components: every macro of this folder's templates, as ``ui.<macro>`` in all pages.

A global instead of imports, since a block that is rendered alone (``render.page``) does not run its page's imports.
"""

from collections.abc import Callable
from functools import cache, cached_property, wraps
from pathlib import Path

from django.utils.translation import get_language
from jinja2 import Environment
from jinja2.runtime import Macro

FOLDER = Path(__file__).parent
# Words out of a small vocabulary: a list says them in each row, so that each is written once for each language.
_VOCABULARY = frozenset({"status", "priority", "channel", "operator", "handoff_state"})


class Components:
    """``ui`` in templates; an unknown component is an AttributeError that names it."""

    def __init__(self, env: Environment) -> None:
        self._env = env

    @cached_property
    def _macros(self) -> dict[str, Callable[..., str]]:
        found: dict[str, Callable[..., str]] = {}
        for file in sorted(FOLDER.glob("*.html")):
            module = self._env.get_template(f"shell/components/{file.name}").module
            for name, value in vars(module).items():
                if isinstance(value, Macro) and not name.startswith("_"):
                    if name in found:
                        raise RuntimeError(f"two components are called {name}")
                    found[name] = _remembered(value) if name in _VOCABULARY else value
        return found

    def __getattr__(self, name: str) -> Callable[..., str]:
        if name.startswith("_"):
            raise AttributeError(name)
        if self._env.auto_reload:
            self.__dict__.pop("_macros", None)
        try:
            return self._macros[name]
        except KeyError:
            raise AttributeError(f"there is no component ui.{name}; see web/shell/components/") from None


def _remembered(macro: Macro) -> Callable[..., str]:
    @cache
    def written(_language: str | None, *args: object, **kwargs: object) -> str:
        return macro(*args, **kwargs)

    @wraps(written)
    def said(*args: object, **kwargs: object) -> str:
        return written(get_language(), *args, **kwargs)

    return said
