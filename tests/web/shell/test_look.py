"""Weight and contrast, computed from the sources."""

import re
from pathlib import Path

import brotli
import django_htmx
import pytest
from django.test import Client

from madoguchi.web.shell.bundles import STATIC, bundled
from tests.cast import Cast

TOKENS = dict(
    re.findall(
        r"--([\w-]+): light-dark\((#\w{6}, #\w{6})\)", (STATIC / "css" / "_tokens.css").read_text(encoding="utf-8")
    )
)
GROUNDS = ("ground", "second", "third", "note", "accent-ground")
TEXT = [(ink, ground) for ink in ("ink", "ink-2") for ground in GROUNDS]
TEXT += [(kind, ground) for kind in ("accent", "good", "warn", "bad") for ground in ("ground", "second", "note")]
TEXT += [(kind, f"{kind}-ground") for kind in ("accent", "good", "warn", "bad")]
TEXT += [("ink", f"{kind}-ground") for kind in ("good", "warn", "bad")]
TEXT += [("on-accent", "accent"), ("on-accent", "accent-strong"), ("bad-strong", "bad-ground"), ("on-bad", "bad")]


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str, theme: int) -> float:
    lights = sorted(_luminance(TOKENS[name].split(", ")[theme]) for name in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_every_text_is_readable_on_its_ground(ink: str, ground: str, theme: int) -> None:
    assert _contrast(ink, ground, theme) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["ground", "second"])
def test_the_edge_of_a_field_is_seen(ground: str, theme: int) -> None:
    assert _contrast("edge", ground, theme) >= 3


def test_no_component_has_a_colour_of_its_own() -> None:
    for file in sorted((STATIC / "css").glob("*.css")):
        if file.name != "_tokens.css":
            own = re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[^{]*;)|rgba?\(", file.read_text(encoding="utf-8"))
            assert [colour for colour in own if colour != "#fff"] == [], file.name


def test_the_first_load_is_light(client: Client, cast: Cast) -> None:
    client.force_login(cast.admin, backend="madoguchi.web.shell.sessions.StaffBackend")
    htmx = (Path(django_htmx.__file__).parent / "static" / "django_htmx" / "htmx-4.min.js").read_bytes()
    live = b"".join(file.read_bytes() for file in sorted(STATIC.glob("live*.js")))
    parts = [bundled("shell.css").encode(), bundled("shell.js").encode(), htmx, live]
    parts.append(client.get("/shell/components/").content)
    assert sum(len(brotli.compress(part)) for part in parts) <= 120 * 1024
