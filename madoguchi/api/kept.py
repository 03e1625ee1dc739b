"""How long answers are kept."""

from datetime import timedelta

from django.utils import timezone

from madoguchi.api.models import KeptAnswer

KEPT_FOR = timedelta(hours=24)


def forget_old_answers(batch: int = 1000) -> bool:
    """Forget answers older than a day, up to ``batch``; whether more wait. For the worker's schedule."""
    old = KeptAnswer.objects.filter(at__lt=timezone.now() - KEPT_FOR).order_by("at").values_list("pk", flat=True)
    gone, _each = KeptAnswer.objects.filter(pk__in=list(old[:batch])).delete()
    return gone >= batch
