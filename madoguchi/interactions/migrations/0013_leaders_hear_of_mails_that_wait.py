from django.db import migrations, models
from django.utils import timezone


class Migration(migrations.Migration):
    dependencies = [("interactions", "0012_missed_calls_are_owed")]

    operations = [
        migrations.AddField("bypassdraft", "remind_at", models.DateTimeField(default=timezone.now, null=True)),
    ]
