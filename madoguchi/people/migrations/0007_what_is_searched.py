from django.db import migrations

from madoguchi.foundation.japanese import search_key

SEARCHED = {
    "Department": ("name", "name_en", "kana", "key", "about"),
    "Topic": ("name", "name_en", "words"),
    "Contact": ("name", "kana", "title"),
}


def make_searchable(apps, schema_editor):
    for model, fields in SEARCHED.items():
        for row in apps.get_model("people", model).objects.all():
            written = (getattr(row, field) for field in fields)
            row.search = " ".join(search_key(text) for text in written if text)
            row.save(update_fields=["search"])


class Migration(migrations.Migration):
    dependencies = [("people", "0006_directory_is_searched")]

    operations = [migrations.RunPython(make_searchable, migrations.RunPython.noop)]
