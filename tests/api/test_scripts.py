"""The script in force, for programs."""

from madoguchi.scripts.actions.write import save_draft
from tests.api.client import program_of
from tests.cast import Cast
from tests.scripts.writing import in_force


def test_a_program_reads_the_script_in_force_and_no_draft(cast: Cast) -> None:
    program = program_of(cast.sato, "knowledge:read")
    assert program.get("/scripts/mail-trouble").status == 404
    version = in_force(cast.mail_trouble, cast.kimura)
    save_draft(cast.mail_trouble, definition={"steps": []}, by=cast.kimura)
    answered = program.get("/scripts/mail-trouble")
    assert answered.status == 200
    assert answered.body["version"] == 1
    assert answered.body["steps"] == version.definition["steps"]
    assert program.get("/scripts/nothing").status == 404
