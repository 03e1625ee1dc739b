"""One page: every command, the module that runs it, and whether it needs Django (settings, models, database)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    name: str
    module: str
    help: str
    django: bool = True


COMMANDS = (
    Command("init", "madoguchi.cli.init", "make or update the database, the first administrator and the defaults"),
    Command("serve", "madoguchi.cli.serve", "run everything on one port", django=False),
    Command(
        "prepare", "madoguchi.cli.prepare", "check the database and collect static files (serve does it by itself)"
    ),
    Command("web", "madoguchi.cli.web", "run the pages and the API only", django=False),
    Command("live", "madoguchi.cli.live", "run the live line only", django=False),
    Command("worker", "madoguchi.cli.worker", "run the background work only"),
    Command("token create", "madoguchi.cli.token", "print a new API token"),
)
