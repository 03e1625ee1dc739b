"""What has a Japanese name and, where it differs, an English one."""

from django.utils import translation


def label_of(name: str, name_en: str) -> str:
    """The name in the language of the page."""
    return name_en if name_en and translation.get_language() == "en" else name
