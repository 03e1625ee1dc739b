"""``madoguchi init``: the database, the first administrator, sensible defaults. Safe to repeat."""

import argparse
from pathlib import Path

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.validators import validate_email
from django.db import OperationalError, transaction

from madoguchi.calendars.actions import ensure_defaults
from madoguchi.clocks.actions import make_default_policies
from madoguchi.config.environment import SettingError
from madoguchi.demo import company
from madoguchi.foundation.refusal import Refused
from madoguchi.journal.record import SYSTEM
from madoguchi.people.models import Membership, Role, Staff, Team
from madoguchi.rules.defaults import make_ready_rules


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--admin-email", metavar="E", help="e-mail address of the first administrator")
    parser.add_argument("--admin-password-file", metavar="F", type=Path, help="file that holds the password")
    parser.add_argument("--sample", action="store_true", help="the sample company, with articles and history")


def run(arguments: argparse.Namespace) -> int:
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except OperationalError as error:
        raise SettingError(f"The database cannot be used: {str(error).strip()}") from error
    print("The database is up to date.")
    make_defaults()
    if arguments.sample:
        password = company.build()
        print(f"The sample company is there: its staff sign in as …@{company.DOMAIN} with the password {password}")
    if arguments.admin_email:
        print(make_administrator(arguments.admin_email, arguments.admin_password_file))
    elif not Membership.objects.filter(role=Role.ADMINISTRATOR, staff__is_active=True).exists():
        print("There is no administrator yet: run init --admin-email E --admin-password-file F.")
    return 0


@transaction.atomic
def make_administrator(email: str, password_file: Path | None) -> str:
    """Make or complete the account; an existing password stays. Returns what was done, as a sentence."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Refused(f"{email!r} is not an e-mail address.") from None
    staff = Staff.objects.filter(email=email).first()
    said = f"{email} is an administrator already; the password was not changed."
    if staff is None:
        staff = Staff.objects.create_user(email, _password(password_file), family_name="管理者")
        said = f"{email} can sign in as administrator."
    elif not Membership.objects.filter(staff=staff, team=None, role=Role.ADMINISTRATOR).exists():
        said = f"{email} is an administrator now; the password was not changed."
    Membership.objects.get_or_create(staff=staff, team=None, role=Role.ADMINISTRATOR)
    return said


@transaction.atomic
def make_defaults() -> None:
    """Calendars, a first-line team that holds new tickets, what is promised, rules as drafts; what is there stays."""
    ensure_defaults(by=SYSTEM)
    if not Team.objects.exists():
        Team.objects.create(key="call-centre", name="コールセンター", name_en="Call centre", line=1)
    make_default_policies()
    make_ready_rules()


def _password(file: Path | None) -> str:
    if file is None:
        raise Refused("A new administrator needs --admin-password-file.")
    try:
        password = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{file} cannot be read: {error}.") from None
    try:
        validate_password(password)
    except ValidationError as error:
        raise Refused(" ".join(error.messages)) from None
    return password
