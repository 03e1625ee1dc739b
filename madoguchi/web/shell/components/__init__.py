"""The components: every macro of this folder's templates, as ``ui.<macro>`` in all pages.

A global instead of imports, since a block that is rendered alone (``render.page``) does not run its page's imports.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment
from jinja2.runtime import Macro

from madoguchi.web.shell.components import moments

FOLDER = Path(__file__).parent
# What is the same on each page, or words out of a small vocabulary that a list says in each row: written once.
_CONSTANT = frozenset({"status", "priority", "channel", "operator", "handoff_state", "keys_help", "refusal_slot"})


class Components:
    """``ui`` in templates of one language; an unknown component is an AttributeError that names it."""

    def __init__(self, env: Environment) -> None:
        self._env = env

    def __getattr__(self, name: str) -> Callable[..., str]:
        if name.startswith("_"):
            raise AttributeError(name)
        found = _components(self._env)
        if not self._env.auto_reload:
            self.__dict__.update(found)
        try:
            return found[name]
        except KeyError:
            raise AttributeError(f"there is no component ui.{name}; see web/shell/components/") from None


def _components(env: Environment) -> dict[str, Callable[..., str]]:
    found: dict[str, Callable[..., str]] = dict(moments.COMPONENTS)
    for file in sorted(FOLDER.glob("*.html")):
        module = env.get_template(f"shell/components/{file.name}").module
        for name, value in vars(module).items():
            if isinstance(value, Macro) and not name.startswith("_"):
                if name in found:
                    raise RuntimeError(f"two components are called {name}")
                found[name] = cache(value) if name in _CONSTANT else value
    return found
