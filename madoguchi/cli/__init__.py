"""The command ``madoguchi``: finds the command's module, reads its arguments, runs it.

A command is a module with ``add_arguments(parser)`` and ``run(arguments) -> int``; ``commands.py`` lists them all.
Only the module asked for is imported, so that ``mail parse`` needs no database and ``serve`` stays small.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from django.conf import settings

from madoguchi.cli.commands import COMMANDS, Command, Setup
from madoguchi.config.environment import NotInitialisedError, SettingError
from madoguchi.foundation.refusal import Refused
from madoguchi.foundation.starting import starting


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, 1 when it failed or there is no desk yet, 2 when it was refused."""
    words = list(sys.argv[1:] if argv is None else argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "madoguchi.config.settings")
    command, rest = _find(words)
    if command is None:
        parser = _overview()
        if not words or words[0] in {"-h", "--help"}:
            parser.print_help()
            return 0
        parser.error(f"there is no command {' '.join(words[:2])!r}; madoguchi --help lists them")
    try:
        needs_desk = command.needs_desk(rest)
        if needs_desk and not settings.configured:
            _look_for_desk()
        with starting():
            if command.setup in {Setup.DESK, Setup.OLD_DESK, Setup.DJANGO}:
                import_module("django").setup()
            elif command.setup is Setup.BARE and not settings.configured:
                settings.configure(USE_I18N=False)
            module = import_module(command.module)
        parser = argparse.ArgumentParser(prog=f"madoguchi {command.name}", description=command.help)
        module.add_arguments(parser)
        arguments = parser.parse_args(rest)
        if needs_desk and command.setup is Setup.DESK:
            import_module("madoguchi.cli.prepare").check_database()
        code: int = module.run(arguments)
    except NotInitialisedError as error:
        print(error, file=sys.stderr)
        return 1
    except (SettingError, Refused) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left: nothing more to tell it
        return 0
    return code


def _look_for_desk() -> None:
    """Raises NotInitialisedError before the settings make a folder and a key, and SQLite a file, where no desk is."""
    file = import_module("madoguchi.config.place").sqlite_file()
    if file is not None and not file.exists():
        raise NotInitialisedError


def _find(words: list[str]) -> tuple[Command | None, list[str]]:
    """The command that the first one or two words name, and the words behind it."""
    for length in (2, 1):
        name = " ".join(words[:length])
        for command in COMMANDS:
            if command.name == name:
                return command, words[length:]
    return None, words


def _overview() -> argparse.ArgumentParser:
    width = max(len(command.name) for command in COMMANDS)
    lines = "\n".join(f"  {command.name:<{width}}  {command.help}" for command in COMMANDS)
    return argparse.ArgumentParser(
        prog="madoguchi",
        usage="madoguchi COMMAND …",
        description=f"One shared desk.\n\ncommands:\n{lines}\n\nmadoguchi COMMAND --help tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
