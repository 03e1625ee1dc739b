"""Finding what a call names: through ``visible_to`` only; what a body names wrongly is refused by its field."""

from django.utils.translation import gettext as _

from madoguchi.api.caller import ApiRequest
from madoguchi.api.problem import ProblemError, invalid, not_found
from madoguchi.api.v1.ticket_form import whole
from madoguchi.catalog.models import Category
from madoguchi.foundation.numbers import row_number
from madoguchi.foundation.prepared import Prepared
from madoguchi.interactions.models import Interaction
from madoguchi.knowledge.models import Article
from madoguchi.people.access import PreparedVisible
from madoguchi.people.models import Department, Staff, Team
from madoguchi.people.queries import colleagues
from madoguchi.tickets.models import Ticket, id_of

_LARGEST_ID = 2**63 - 1
_ticket = PreparedVisible(lambda access, pk: whole(Ticket.objects.visible_to(access)).filter(pk=pk))
_category = Prepared(lambda key: Category.objects.filter(key=key, is_active=True))


def ticket_at(request: ApiRequest, number: str) -> Ticket:
    """The ticket of an address; 404 when unknown, mistyped or not theirs to see."""
    ticket_id = id_of(number)
    found = None if ticket_id is None else _ticket.first(request.auth.access, ticket_id)
    if found is None:
        raise not_found(_("There is no ticket with this number that you may see."))
    return found


def ticket_named(request: ApiRequest, number: str, *, field: str) -> Ticket:
    """The ticket a body names."""
    found = Ticket.objects.visible_to(request.auth.access).numbered(number).first()
    if found is None:
        raise invalid(field, _("There is no ticket with this number that you may see."))
    return found


def contact_named(request: ApiRequest, row_id: int | None) -> Interaction | None:
    """The contact a body names; None for None."""
    if row_id is None:
        return None
    contacts = Interaction.objects.visible_to(request.auth.access).select_related("call", "staff")
    found = contacts.filter(pk=row_id).first()
    if found is None:
        raise invalid("interaction", _("There is no such contact that you may see."))
    return found


def team_named(key: str, *, field: str) -> Team:
    """The active team with this key."""
    found = Team.objects.filter(key=key, is_active=True).first()
    if found is None:
        raise invalid(field, _("There is no team “%(key)s”.") % {"key": key})
    return found


def department_named(key: str) -> Department:
    """The department with this key that is asked."""
    found = Department.objects.filter(key=key, is_active=True).first()
    if found is None:
        raise invalid("department", _("There is no department “%(key)s”.") % {"key": key})
    return found


def category_named(key: str | None, *, field: str = "category") -> Category | None:
    """The active category with this key; None for None."""
    if key is None:
        return None
    found = _category.first(key)
    if found is None:
        raise invalid(field, _("There is no category “%(key)s”.") % {"key": key})
    return found


def article_named(request: ApiRequest, key: str | None, *, field: str = "article") -> Article | None:
    """The article with this key that the caller may read; None for None."""
    if key is None:
        return None
    found = Article.objects.visible_to(request.auth.access).light().filter(key=key).first()
    if found is None:
        raise invalid(field, _("There is no article “%(key)s” that you may read.") % {"key": key})
    return found


def staff_named(written: str | int | None, *, field: str) -> Staff | None:
    """The active member of staff with this e-mail address, extension or id; None for None."""
    if written is None:
        return None
    staff = Staff.objects.filter(is_active=True)
    if isinstance(written, int):
        found = staff.filter(pk=written).first() if 0 < written <= _LARGEST_ID else None
    elif "@" in written:
        found = staff.filter(email=written.strip().lower()).first()
    else:
        found = staff.filter(extension=written.strip()).exclude(extension="").first()
    if found is None:
        raise _unknown(written, field)
    return found


def colleague_named(request: ApiRequest, written: str, *, field: str) -> Staff:
    """Whom a query names by e-mail address, id or extension, among those whom the caller may name."""
    among = colleagues(request.auth.access)
    number = row_number(written)
    found = among.filter(pk=number).first() if number is not None else None
    if found is None:
        named = staff_named(written, field=field)
        found = among.filter(pk=named.pk).first() if named else None
    if found is None:
        raise _unknown(written, field)
    return found


def _unknown(written: str | int, field: str) -> ProblemError:
    return invalid(field, _("Nobody active works here as “%(name)s”.") % {"name": written})
