"""What can happen to articles."""

from madoguchi.knowledge.actions.learn import learn, unlearn
from madoguchi.knowledge.actions.standing import improve, propose, restore, validate
from madoguchi.knowledge.actions.write import Content, archive, change, create

__all__ = [
    "Content",
    "archive",
    "change",
    "create",
    "improve",
    "learn",
    "propose",
    "restore",
    "unlearn",
    "validate",
]
