"""What can happen to articles."""

from madoguchi.knowledge.actions.comments import answer, comment, hears, tell_late
from madoguchi.knowledge.actions.learn import learn, unlearn
from madoguchi.knowledge.actions.pictures import add_picture
from madoguchi.knowledge.actions.standing import improve, propose, restore, validate
from madoguchi.knowledge.actions.write import Content, archive, change, create

__all__ = [
    "Content",
    "add_picture",
    "answer",
    "archive",
    "change",
    "comment",
    "create",
    "hears",
    "improve",
    "learn",
    "propose",
    "restore",
    "tell_late",
    "unlearn",
    "validate",
]
