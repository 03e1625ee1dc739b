"""Of calls that are still owed: whoever was reminded is not reminded once more."""

from datetime import timedelta

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F

AHEAD = timedelta(minutes=10)
WARNED = 1


def keep_what_was_told(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    owed = apps.get_model("interactions", "CallBack").objects.filter(done_at__isnull=True)
    owed.filter(reminded_for=F("due_at")).update(told=WARNED, next_at=F("due_at"))
    for row in owed.filter(next_at__isnull=True):
        row.next_at = row.due_at - AHEAD
        row.save(update_fields=["next_at"])


class Migration(migrations.Migration):
    dependencies = [("interactions", "0003_abandoned_calls_are_owed")]

    operations = [
        migrations.RunPython(keep_what_was_told, migrations.RunPython.noop),
        migrations.RemoveField("callback", "reminded_for"),
    ]
