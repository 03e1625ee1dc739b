from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

_SPAN = {
    "sqlite": """SELECT json_extract(value, '$.talk_s') FROM telephony_call, json_each(telephony_call.record, '$.segments')
        WHERE telephony_call.id = telephony_callagent.call_id AND json_extract(value, '$.agent') = telephony_callagent.agent""",
    "postgresql": """SELECT (value ->> 'talk_s')::double precision
        FROM telephony_call, jsonb_array_elements(telephony_call.record -> 'segments')
        WHERE telephony_call.id = telephony_callagent.call_id AND value ->> 'agent' = telephony_callagent.agent""",
}


def as_the_records_say(_apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    span = _SPAN[editor.connection.vendor]
    editor.execute(f"UPDATE telephony_callagent SET talk_s = ({span} LIMIT 1) WHERE state IN ('talking', 'left')")


class Migration(migrations.Migration):
    dependencies = [("telephony", "0009_unfinished_wrapups")]

    operations = [
        migrations.AddField("callagent", "talk_s", models.FloatField(null=True)),
        migrations.RunPython(as_the_records_say, migrations.RunPython.noop),
    ]
