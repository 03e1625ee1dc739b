"""One page: every command, the module that runs it, and what it needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto


class Setup(Enum):
    """What is made ready before a command's module is imported."""

    DESK = auto()  # settings, models, and a database that init made or updated
    OLD_DESK = auto()  # the same, and the database may be behind the code
    DJANGO = auto()  # settings, models; the database may still have to be made
    BARE = auto()  # Django's library functions, in English: no settings, no database
    NOTHING = auto()  # it only starts processes, which set themselves up


@dataclass(frozen=True)
class Command:
    name: str
    module: str
    help: str
    setup: Setup = Setup.DESK
    deskless: str = ""  # with this option it looks at something else than this desk

    def needs_desk(self, words: Sequence[str]) -> bool:
        """Whether it looks at this desk, when these are the words behind its name."""
        told = any(word.partition("=")[0] in {"-h", "--help", self.deskless} for word in words)
        return self.setup in {Setup.DESK, Setup.OLD_DESK} and not told


COMMANDS = (
    Command(
        "init",
        "madoguchi.cli.init",
        "make or update the database, the first administrator and the defaults",
        setup=Setup.DJANGO,
    ),
    Command("serve", "madoguchi.cli.serve", "run everything on one port", setup=Setup.NOTHING),
    Command(
        "prepare",
        "madoguchi.cli.prepare",
        "check the database and collect static files (serve does it by itself)",
        setup=Setup.DJANGO,
    ),
    Command("web", "madoguchi.cli.web", "run the pages and the API only", setup=Setup.NOTHING),
    Command("live", "madoguchi.cli.live", "run the live line only", setup=Setup.NOTHING),
    Command("worker", "madoguchi.cli.worker", "run the background work only"),
    Command("mail-gateway", "madoguchi.cli.mail_gateway", "take in mail by SMTP and IMAP"),
    Command("asterisk", "madoguchi.cli.asterisk", "keep the lines to the telephone systems"),
    Command("token create", "madoguchi.cli.token", "print a new API token"),
    Command("mail parse", "madoguchi.cli.mail_parse", "show what the mail door reads in a mail", setup=Setup.BARE),
    Command(
        "calls replay", "madoguchi.cli.calls_replay", "fold recorded telephone events into calls", setup=Setup.BARE
    ),
    Command(
        "calls reconcile", "madoguchi.cli.calls_reconcile", "hold all calls against the telephone system's records"
    ),
    Command("knowledge import", "madoguchi.cli.knowledge_import", "articles from CSV or Markdown files"),
    Command("knowledge export", "madoguchi.cli.knowledge_export", "all articles as Markdown files"),
    Command("knowledge history", "madoguchi.cli.knowledge_history", "texts that an article solved"),
    Command("knowledge search", "madoguchi.cli.knowledge_search", "what the first line would be shown"),
    Command("import directory", "madoguchi.cli.directory_import", "people, departments and contacts from a CSV file"),
    Command(
        "rules trial",
        "madoguchi.cli.rules_trial",
        "try an escalation rule on this desk's or another's history",
        deskless="--log",
    ),
    Command("directory-sync", "madoguchi.cli.directory_sync", "departments and contacts from the directory server"),
    Command("clocks rebuild", "madoguchi.cli.clocks_rebuild", "work out all deadlines anew from the journal"),
    Command("report", "madoguchi.cli.report", "a report of the product, also as JSON, CSV or workbook"),
    Command("backup", "madoguchi.cli.backup", "database and originals into one file", setup=Setup.OLD_DESK),
    Command("restore", "madoguchi.cli.restore", "database and originals out of a backup", setup=Setup.DJANGO),
    Command("doctor", "madoguchi.cli.doctor", "is everything as it should be?", setup=Setup.DJANGO),
    Command("demo", "madoguchi.cli.demo", "a living desk of a fictional company", setup=Setup.NOTHING),
    Command("simulate", "madoguchi.cli.simulate", "a history of the sample company in bulk"),
    Command("bench", "madoguchi.cli.bench", "how fast the ordinary acts are here", setup=Setup.NOTHING),
)
