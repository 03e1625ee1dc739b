"""The pages' templates, compiled once for each language.

The words of a page are the same at each request, so they are put in when a template is compiled. What Jinja2 does for
any template at each value and each call (may it be unsafe, does it want the context) is decided by type here: a page
writes a thousand values.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FunctionType, MethodType
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, ngettext, npgettext, pgettext
from jinja2 import Environment, FileSystemBytecodeCache, Template, nodes
from jinja2.environment import CodeType
from jinja2.runtime import Context, Macro
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, _escape_inner, escape

from madoguchi.web.shell import icons
from madoguchi.web.shell.icons import icon

_PLAIN = frozenset({FunctionType, MethodType, Macro, type(cache(len))})


def _written(value: Any) -> str:
    """``escape`` for what is written out at once: no object is made to say that the text is safe."""
    kind = type(value)
    if kind is str:
        return _escape_inner(value)
    if kind is Markup:
        return value  # type: ignore[no-any-return]
    return escape(value)


class _Page(Template):
    @classmethod
    def from_code(cls, environment: Environment, code: CodeType, *args: Any, **kwargs: Any) -> Template:
        made = super().from_code(environment, code, *args, **kwargs)
        made.root_render_func.__globals__["escape"] = _written
        return made


class _Context(Context):
    def call(self, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        if type(called) in _PLAIN and not hasattr(called, "jinja_pass_arg"):
            kwargs.pop("_block_vars", None)
            kwargs.pop("_loop_vars", None)
            return called(*args, **kwargs)
        return super().call(called, *args, **kwargs)


class _Words(NodeTransformer):
    """Puts words of the active language in the place of ``_("…")`` and ``pgettext("…", "…")``, drawings of ``icon``."""

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 (Jinja2 calls it so)
        self.generic_visit(node)
        known = _KNOWN.get(node.node.name) if isinstance(node.node, nodes.Name) else None
        if known is None or node.dyn_args is not None or node.dyn_kwargs is not None:
            return node
        try:
            found = known(*(arg.as_const() for arg in node.args))
        except nodes.Impossible:  # known only when the page is written
            return node
        at: dict[str, Any] = {"lineno": node.lineno, "environment": node.environment}
        if known is not icon:  # as Jinja2's own gettext: %% is a percent sign, and what is put in is escaped
            if node.kwargs:
                pairs = [nodes.Pair(nodes.Const(kwarg.key, **at), kwarg.value, **at) for kwarg in node.kwargs]
                return nodes.Mod(nodes.MarkSafe(nodes.Const(found, **at), **at), nodes.Dict(pairs, **at), **at)
            found %= {}
        return nodes.MarkSafe(nodes.Const(str(found), **at), **at)


_KNOWN: dict[str, Callable[..., str]] = {"_": gettext, "gettext": gettext, "pgettext": pgettext, "icon": icon}


class _Bytecode(FileSystemBytecodeCache):
    """Compiled templates on disk, one for each language; made again when the words, the icons or this file change."""

    def __init__(self, folder: Path, language: str) -> None:
        super().__init__(str(folder))
        self._language = language
        files = [
            Path(__file__),
            Path(icons.__file__),
            *(Path(path) / language / "LC_MESSAGES" / "django.mo" for path in settings.LOCALE_PATHS),
        ]
        self._words = hashlib.sha256(b"".join(file.read_bytes() for file in files if file.exists())).hexdigest()

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return f"{self._language}-{super().get_cache_key(name, filename)}"

    def get_source_checksum(self, source: str) -> str:
        return super().get_source_checksum(self._words + source)


class Pages(Environment):
    """The templates in one language, ``spoken(language)`` those in another."""

    template_class = _Page
    context_class = _Context

    def __init__(self, language: str, furnish: Callable[["Pages"], None], **options: Any) -> None:
        folder = settings.DATA_DIR / "templates"
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(bytecode_cache=_Bytecode(folder, language), **options)
        self.language = language
        self.install_gettext_callables(  # type: ignore[attr-defined]
            gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
        )
        furnish(self)
        self._spoken = {language: self}
        self._others: Callable[[str], Pages] = lambda other: Pages(other, furnish, **options)

    def spoken(self, language: str | None) -> "Pages":
        """The same templates in ``language``; without one, in the desk's own."""
        code = language or settings.LANGUAGE_CODE
        found = self._spoken.get(code)
        if found is None:
            found = self._spoken[code] = self._others(code)
        return found

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        with translation.override(self.language):
            worded: nodes.Template = _Words().visit(super()._parse(source, name, filename))
        return worded
