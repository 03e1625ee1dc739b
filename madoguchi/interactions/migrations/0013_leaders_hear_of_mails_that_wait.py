"""Of mails that wait already, whoever leads hears once they have waited for a day."""

from datetime import timedelta

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def a_day_after(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    for draft in apps.get_model("interactions", "BypassDraft").objects.select_related("mail"):
        draft.remind_at = draft.mail.received_at + timedelta(days=1)
        draft.save(update_fields=["remind_at"])


class Migration(migrations.Migration):
    dependencies = [("interactions", "0012_missed_calls_are_owed")]

    operations = [
        migrations.AddField("bypassdraft", "remind_at", models.DateTimeField(null=True)),
        migrations.RunPython(a_day_after, migrations.RunPython.noop),
    ]
