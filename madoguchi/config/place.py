"""Where the desk is: its folder and its database. Apart from the other settings, which make that folder when they are
read: a command can look here first, and leave nothing where there is no desk.
"""

from pathlib import Path
from urllib.parse import unquote

from madoguchi.config import environment as env
from madoguchi.config.environment import marked as _

DATA_DIR = Path(env.text("DATA_DIR", "var", doc=_("folder of the database, originals and generated secrets"))).resolve()
DATABASE = env.url(
    "DATABASE_URL", "", ("postgresql", "postgres", "sqlite"), doc=_("database; unset: SQLite in DATA_DIR")
)


def sqlite_file() -> Path | None:
    """The file of the database; None when a server keeps it."""
    if DATABASE is None:
        return DATA_DIR / "madoguchi.sqlite3"
    return Path(unquote(DATABASE.path).removeprefix("/")) if DATABASE.scheme == "sqlite" else None
