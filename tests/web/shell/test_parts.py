"""Whatever part of a page a request names: it gets that part, the whole page or a refusal, and no error."""

import re
import sys
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver
from django_htmx.middleware import HtmxDetails
from jinja2 import UndefinedError

from madoguchi.foundation.refusal import Refused
from madoguchi.interactions.models import Interaction
from madoguchi.knowledge.actions.write import Content, create
from madoguchi.people.models import Staff
from madoguchi.tickets.actions.open_ticket import open_ticket
from madoguchi.web.shell import render
from tests.architecture.test_doors import addresses
from tests.cast import Cast
from tests.consultations.questions import asked
from tests.handoffs.test_outside_hours import offered
from tests.rules.rules import TELL, on, rule
from tests.scripts.writing import in_force
from tests.web.workbench.calls import MOBILE, answers, happen, rings

pytestmark = pytest.mark.django_db
PAGE = render.page
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


class Drawn:
    """The pages that were drawn, to be drawn again in parts: the views' own work is done once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pages: list[tuple[HttpRequest, str, dict[str, Any]]] = []
        self.addresses = [  # all views are loaded by it
            address for address, view in addresses(get_resolver()) if getattr(view, "guard", None) is not None
        ]
        for name, module in list(sys.modules.items()):
            if name.startswith("madoguchi.web.") and getattr(module, "page", None) is PAGE and module is not render:
                monkeypatch.setattr(module, "page", self._page)

    def _page(
        self, request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
    ) -> HttpResponse:
        if status == 200:
            self.pages.append((request, template, context or {}))
        return PAGE(request, template, context, status=status)


def part(request: HttpRequest, template: str, context: dict[str, Any], name: str) -> int:
    """The status with which a block is answered."""
    request.META |= {"HTTP_HX_REQUEST": "true", "HTTP_HX_REQUEST_TYPE": "partial", "HTTP_HX_TARGET": f"div#{name}"}
    request.__dict__.pop("headers", None)
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    try:
        return PAGE(request, template, context).status_code
    except Refused as refusal:
        return refusal.status


def signed_in(staff: Staff) -> Client:
    client = Client()
    client.force_login(staff, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def rows(cast: Cast) -> dict[str, Any]:
    """Something for each kind of page to be about, by the name of its parameter."""
    ticket = open_ticket(
        subject="送れない",
        body="",
        channel="phone",
        category=cast.mail_trouble,
        requester=cast.yamada,
        by=cast.takahashi,
    )
    in_force(cast.mail_trouble, cast.kimura)
    article = create(Content(question="メールが送信できない", answer="ポートを587に変える。"), by=cast.kimura)
    contact: Interaction = happen(*rings(cast.sato, number=MOBILE), *answers(cast.sato))
    return {
        "number": ticket.number_shown,
        "consultation_id": asked(cast, ticket).pk,
        "handoff_id": offered(cast).pk,
        "rule_id": rule(cast.hayashi, on("opened"), TELL).pk,
        "article_id": article.pk,
        "contact_id": contact.pk,
        "staff_id": cast.sato.pk,
        "category_id": cast.mail_trouble.pk,
        "person_id": cast.yamada.pk,
        "organization_id": cast.minato.pk,
        "team_id": cast.network.pk,
        "department_id": cast.accounting.pk,
        "contract_id": cast.contract.pk,
    }


def test_no_invented_target_is_an_error(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, about = Drawn(monkeypatch), rows(cast)
    clients = [signed_in(staff) for staff in (cast.admin, cast.sato)]
    wrong, seen = [], set()
    for address in drawn.addresses:
        path = "/" + PARAMETER.sub(lambda found: str(about.get(found[1], 1)), address)
        answer = next((one for one in (client.get(path) for client in clients) if one.status_code != 403), None)
        if answer is not None and answer.status_code >= 500:
            wrong.append(f"{path}: {answer.status_code}")
        while drawn.pages:
            request, template, context = drawn.pages.pop()
            for name in render._templates().get_template(template).blocks:
                seen.add((template, name))
                status = part(request, template, context, name)
                if status not in {200, 404}:
                    wrong.append(f"{path} {name}: {status}")
    assert wrong == []
    assert len(seen) > 250, "the walk reaches the pages"


def test_what_the_page_does_not_show_is_refused_and_what_is_wrong_in_it_is_an_error(
    cast: Cast, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "div#hearing"}
    answer = sign_in(cast.sato).get("/workbench/", headers=target)
    assert answer.status_code == 404
    assert "この部分は、もうこの画面にありません" in answer.content.decode()
    request = answer.wsgi_request
    with pytest.raises(UndefinedError):
        part(request, "consultations/ask.html", {}, "sheet_body")
