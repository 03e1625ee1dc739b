"""The few icons, drawn for this product on a 16-pixel grid: lines of 1.5 pixels in the colour of the text."""

from functools import cache

from markupsafe import Markup

_PATHS: dict[str, str] = {
    "search": "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.5 10.5 14 14",
    "phone": ""
    "M3 2.5h2.6l1.2 3-1.7 1.2a8 8 0 0 0 4.2 4.2l1.2-1.7 3 1.2V13a1 1 0 0 1-1.1 1A11 11 0 0 1 2 3.6a1 1 0 0 1 1-1.1",
    "mail": "M2 3.5h12v9H2zM2 4l6 5 6-5",
    "chat": "M2 3h12v8H7l-3 3v-3H2z",
    "visit": "M8 2.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5M3 14c0-3 2.2-4.5 5-4.5s5 1.5 5 4.5",
    "web": "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M2 8h12M8 2c-4 4-4 8 0 12M8 2c4 4 4 8 0 12",
    "bypass": "M3 13c0-6 3-9 10-9M10 1.5 13 4l-3 2.5",
    "clock": "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M8 4.5V8l2.5 2",
    "late": "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M8 4.5v4.3M8 11v.4",
    "check": "M3 8.5 6.5 12 13 4.5",
    "cross": "M4 4l8 8M12 4l-8 8",
    "plus": "M8 3v10M3 8h10",
    "right": "M6 3l5 5-5 5",
    "left": "M10 3 5 8l5 5",
    "down": "M3 6l5 5 5-5",
    "handoff": "M2 5h9M8 2l3 3-3 3M14 11H5M8 8l-3 3 3 3",
    "ask": "M2 3h12v8H7l-3 3v-3H2zM6.5 5.8c.3-1.4 3.2-1.4 3 .3-.1 1-1.5 1-1.5 2M8 9.5v.2",
    "note": "M3 2h7l3 3v9H3zM10 2v3h3M5.5 8h5M5.5 11h5",
    "pin": "M8 14V9M4.5 9h7L10 6V2.5H6V6z",
    "file": "M10.5 5v6a2.5 2.5 0 0 1-5 0V4.5a1.8 1.8 0 0 1 3.5 0V11",
    "warn": "M8 2.5 14.5 13.5h-13zM8 6.5v3.3M8 11.6v.3",
    "info": "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M8 7.3V11M8 4.8v.3",
    "bad": "M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5zM8 5v3.8M8 10.8v.3",
    "user": "M8 2.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5M3 14c0-3 2.2-4.5 5-4.5s5 1.5 5 4.5",
    "team": "M6 3a2.2 2.2 0 1 1 0 4.4A2.2 2.2 0 0 1 6 3M1.5 13.5c0-2.7 1.9-4 4.5-4s4.5 1.3 4.5 4"
    "M10.5 3.2a2.1 2.1 0 0 1 0 4M12 9.8c1.6.5 2.5 1.7 2.5 3.7",
    "menu": "M2 4h12M2 8h12M2 12h12",
    "more": "M3.5 8h.1M8 8h.1M12.5 8h.1",
    "new": "M8 2.5v2.3M8 11.2v2.3M2.5 8h2.3M11.2 8h2.3M4.1 4.1l1.6 1.6M10.3 10.3l1.6 1.6"
    "M11.9 4.1l-1.6 1.6M5.7 10.3l-1.6 1.6",
    "open": "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3",
    "waiting": "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M6.3 5.5v5M9.7 5.5v5",
    "closed": "M3 7h10v7H3zM5.2 7V4.8a2.8 2.8 0 0 1 5.6 0V7",
    "frozen": "M8 1.5v13M2.4 4.8l11.2 6.4M13.6 4.8 2.4 11.2",
    "up": "M8 13V3M4 7l4-4 4 4",
    "low": "M8 3v10M4 9l4 4 4-4",
    "normal": "M3 8h10",
    "save": "M3 8.5 6.5 12 13 4.5",
    "lock": "M3 7h10v7H3zM5.2 7V4.8a2.8 2.8 0 0 1 5.6 0V7",
    "book": "M3 2.5h8.5a1.5 1.5 0 0 1 1.5 1.5v9.5H4.5A1.5 1.5 0 0 1 3 12zM3 12a1.5 1.5 0 0 1 1.5-1.5H13",
    "bell": "M3.5 11.5c1-1 1-2.5 1-4.5a3.5 3.5 0 0 1 7 0c0 2 0 3.5 1 4.5zM6.5 13.5h3",
    "print": "M4.5 6V2.5h7V6M4.5 11.5H2.5V6h11v5.5h-2M4.5 9.5h7v4h-7z",
    "sound": "M2 6h2.5L8 3v10L4.5 10H2zM10.5 6c1 1 1 3 0 4M12.5 4c2 2 2 6 0 8",
    "link": "M6.5 9.5l3-3M7 4.5l1.5-1.5a2.8 2.8 0 0 1 4 4L11 8.5M9 11.5 7.5 13a2.8 2.8 0 0 1-4-4L5 7.5",
}


@cache
def icon(name: str, label: str = "") -> Markup:
    """An inline SVG; decorative unless ``label`` says what it means. Unknown names are a KeyError."""
    role = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon" viewBox="0 0 16 16" width="16" height="16" {}><path d="{}"/></svg>').format(
        role, _PATHS[name]
    )


NAMES = tuple(_PATHS)
