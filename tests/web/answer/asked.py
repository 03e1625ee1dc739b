"""A question that was asked, and the page that its contact opens."""

from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.test import Client

from madoguchi.consultations.actions.ask import ask
from madoguchi.consultations.links import token_of
from madoguchi.consultations.models import Approach, Consultation
from madoguchi.tickets.actions.open_ticket import open_ticket
from tests.cast import Cast

QUESTION = "8月分の請求書は発行済みですか"
SECRET = ("山田", "花子", "みなと商事", "hanako.yamada", "090-1111-2222", "請求書が届かない", "まだ届きません")


@dataclass
class Asked:
    """The first contact of accounting was asked; ``link`` is theirs."""

    consultation: Consultation
    client: Client

    @property
    def approach(self) -> Approach:
        return self.consultation.approaches.select_related("consultation").order_by("id")[0]

    @property
    def link(self) -> str:
        return link(self.approach)

    def open(self, query: str = "", **more: Any) -> Any:
        return self.client.get(self.link + query, **more)

    def form(self) -> str:
        """What makes this rendering of the page different from others."""
        page: str = self.open().content.decode()
        return page.partition('name="form" value="')[2].partition('"')[0]

    def send(self, verb: str, *, form: str | None = None, **fields: Any) -> Any:
        """One press of a button, as the browser sends it; the answer is the page after it."""
        sent = {"form": self.form() if form is None else form, "verb": verb, "text": "", **fields}
        return self.client.post(self.link, sent, follow=True)

    def states(self) -> list[tuple[str, str]]:
        return list(self.consultation.approaches.order_by("id").values_list("name", "state"))


def link(approach: Approach) -> str:
    return f"/answer/{token_of(approach)}/"


def asked(cast: Cast, **more: Any) -> Asked:
    """佐藤 asks accounting about a ticket of 山田's; whoever opens the page has no session and refuses cookies."""
    cache.clear()  # the limits are counted across tests
    ticket = open_ticket(
        subject="請求書が届かない", body="まだ届きません", channel="phone", requester=cast.yamada, by=cast.sato
    )
    fields: dict[str, Any] = {"question": QUESTION, "urgent": True, "by": cast.sato} | more
    consultation = ask(ticket, department=cast.accounting, **fields)
    return Asked(consultation, Client(enforce_csrf_checks=True))
