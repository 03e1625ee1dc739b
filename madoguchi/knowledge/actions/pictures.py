"""Pictures are added to what the desk knows, once each, and belong to the articles that name them."""

from django.db import transaction
from django.utils.translation import gettext as _

from madoguchi.files import store
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import Actor, record
from madoguchi.knowledge.models import Article, Picture
from madoguchi.knowledge.pictures import CODE_LENGTH, LARGEST, kind_of, named
from madoguchi.people.staff import Staff


@transaction.atomic
def add_picture(content: bytes, *, by: Actor) -> Picture:
    """Keep a picture; the same bytes are one picture. Refuses what is no PNG, JPEG, GIF or WebP, or above 5 MB."""
    kind = kind_of(content)
    if len(content) > LARGEST:
        raise Refused(_("A picture has at most %(size)s MB.") % {"size": LARGEST // 1024 // 1024}, code="too_large")
    if not kind:
        raise Refused(_("Only pictures in PNG, JPEG, GIF or WebP can be taken."), code="no_picture")
    file = store.keep(content)
    picture, is_new = Picture.objects.get_or_create(
        code=file.sha256[:CODE_LENGTH],
        defaults={"file": file, "content_type": kind, "by": by if isinstance(by, Staff) else None},
    )
    if is_new:
        record("picture.added", by=by, about=[picture], data={"code": picture.code, "size": len(content)})
    return picture


def hang(article: Article, *, before: str = "") -> None:
    """The article has the pictures that its answer names, no others; refuses one that does not exist.

    ``before`` is what the answer was: where neither names a picture, nothing is asked of the database.
    """
    if "](picture:" not in article.answer and "](picture:" not in before:
        return
    codes = named(article.answer)
    pictures = list(Picture.objects.filter(code__in=codes)) if codes else []
    if len(pictures) < len(codes):
        raise Refused(_("A picture in the answer does not exist. Add it again."), code="unknown_picture")
    article.pictures.set(pictures)
