"""Whether articles help the readers of the public FAQ: each reader counts once a day, whichever process hears them."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from madoguchi.knowledge.models import Article, HelpMark

MOST = 30  # answers of one address
SPAN = timedelta(hours=1)


@transaction.atomic
def count_help(article: Article, *, helped: bool, address: str) -> bool:
    """Count what a reader at ``address`` says; whether it counted: once a day, ``MOST`` articles in a ``SPAN``.

    Counted only: no journal entry, nobody is known.
    """
    now = timezone.now()
    mark = salted_hmac("faq.helped", f"{timezone.localdate(now)}:{address}", algorithm="sha256").hexdigest()
    if HelpMark.objects.filter(mark=mark, at__gt=now - SPAN).count() >= MOST:
        return False
    if not HelpMark.objects.get_or_create(mark=mark, article=article, defaults={"at": now})[1]:
        return False
    name = "helped" if helped else "not_helped"
    Article.objects.public().filter(pk=article.pk).update(**{name: F(name) + 1})
    return True


def forget_readers(batch: int = 1000) -> bool:
    """Delete the marks of earlier days, up to ``batch``; whether more wait. For the worker's schedule."""
    old = HelpMark.objects.filter(at__lt=_midnight()).order_by("pk").values_list("pk", flat=True)
    gone, _each = HelpMark.objects.filter(pk__in=list(old[:batch])).delete()
    return gone >= batch


def _midnight() -> datetime:
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
