"""Ticket numbers begin with five digits, so that nobody mistakes one for a count."""

from typing import Any

from django.db import migrations

FIRST = 10_001


def begin(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE tickets_ticket ALTER COLUMN id RESTART WITH {FIRST}")
    else:
        schema_editor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('tickets_ticket', %s)", [FIRST - 1])


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]
    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
