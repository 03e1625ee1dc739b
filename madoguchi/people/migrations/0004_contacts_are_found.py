from django.db import migrations

from madoguchi.foundation.japanese import search_key


def make_searchable(apps, schema_editor):
    for contact in apps.get_model("people", "Contact").objects.all():
        written = (contact.name, contact.kana, contact.email, contact.note)
        contact.search = " ".join(search_key(text) for text in written if text)
        contact.save(update_fields=["search"])


class Migration(migrations.Migration):
    dependencies = [("people", "0003_directory")]

    operations = [migrations.RunPython(make_searchable, migrations.RunPython.noop)]
