"""What each database needs beside the tables: FTS5 in SQLite, a generated tsvector with GIN in PostgreSQL."""

from typing import Any

from django.db import migrations

# The terms are split already, so only blanks count. The short prefixes are what half-typed words ask for.
SQLITE = [
    "CREATE VIRTUAL TABLE search_fts_ticket USING fts5(terms, content='', detail='none', tokenize='ascii', prefix='1 2')"
]
POSTGRESQL = [
    (
        "ALTER TABLE search_document ADD COLUMN words tsvector"
        " GENERATED ALWAYS AS (array_to_tsvector(array_remove(string_to_array(terms, ' '), ''))) STORED"
    ),
    "CREATE INDEX search_document_words ON search_document USING gin (words) WITH (fastupdate = on)",
]


def make(apps: Any, schema_editor: Any) -> None:
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def unmake(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP TABLE search_fts_ticket")
    else:
        schema_editor.execute("ALTER TABLE search_document DROP COLUMN words")


class Migration(migrations.Migration):
    dependencies = [("search", "0001_initial")]

    operations = [migrations.RunPython(make, unmake)]
