"""News for everybody: outage, maintenance, information."""

from typing import Annotated, Any, Literal

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import BaseModel, Field

from madoguchi.api import cursor
from madoguchi.api.caller import ApiRequest, Needs
from madoguchi.api.problem import not_found
from madoguchi.api.v1 import fields
from madoguchi.api.v1.answer import answer, items, moment
from madoguchi.api.v1.fields import Answer, Body
from madoguchi.api.v1.find import category_named
from madoguchi.notices.actions import end_notice, post_notice
from madoguchi.notices.models import Notice
from madoguchi.people.access import Capability

router = Router(tags=["notices"])
READ = Needs("knowledge:read", capability=Capability.READ_KNOWLEDGE)
WRITE = Needs("knowledge:write", capability=Capability.POST_NOTICES)

Gravity = Literal["information", "maintenance", "outage"]


class NoticeForm(Answer):
    """One piece of news."""

    id: int
    title: str
    body: str
    gravity: Gravity
    categories: list[str]
    starts_at: str
    ends_at: str | None


class NoticeList(Answer):
    """A page of notices."""

    items: list[NoticeForm]
    next: str | None


class NoticeQuery(BaseModel):
    """``in_force`` (default) or all of them."""

    show: Literal["in_force", "all"] = "in_force"
    cursor: fields.Cursor = ""
    limit: fields.Limit = 50


class NoticeIn(Body):
    """News; in force at once unless ``starts_at`` lies ahead, until ``ends_at`` or until it is ended."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    body: fields.Text = ""
    gravity: Gravity = "information"
    categories: Annotated[list[fields.Key], Field(max_length=100)] = []
    starts_at: fields.Moment | None = None
    ends_at: fields.Moment | None = None


@router.get("/notices", response=NoticeList, auth=READ, summary="List notices")
def list_notices(request: ApiRequest, wanted: Query[NoticeQuery]) -> HttpResponse:
    """The newest first."""
    rows = Notice.objects.in_force() if wanted.show == "in_force" else Notice.objects.all()
    before = cursor.decode_id(wanted.cursor)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-id").prefetch_related("categories")[: wanted.limit + 1])
    more, found = len(found) > wanted.limit, found[: wanted.limit]
    return items([notice_form(row) for row in found], cursor.encode(None, found[-1].pk) if more else None)


@router.post("/notices", response={201: NoticeForm}, auth=WRITE, summary="Post a notice")
def post_a_notice(request: ApiRequest, news: NoticeIn) -> HttpResponse:
    """Supervisors and administrators only."""
    notice = post_notice(
        title=news.title,
        body=news.body,
        gravity=Notice.Gravity[news.gravity.upper()],
        starts_at=news.starts_at,
        ends_at=news.ends_at,
        categories=[
            found
            for place, key in enumerate(news.categories)
            if (found := category_named(key, field=f"categories.{place}")) is not None
        ],
        by=request.auth.staff,
    )
    return answer(201, notice_form(notice))


@router.post("/notices/{int:row_id}/end", response=NoticeForm, auth=WRITE, summary="End a notice")
def end_a_notice(request: ApiRequest, row_id: int, nothing: Body | None = None) -> HttpResponse:
    """No longer in force from now on."""
    notice = Notice.objects.filter(pk=row_id).first()
    if notice is None:
        raise not_found()
    return answer(200, notice_form(end_notice(notice, by=request.auth.staff)))


def notice_form(notice: Notice) -> dict[str, Any]:
    """A notice as ``NoticeForm``."""
    return {
        "id": notice.pk,
        "title": notice.title,
        "body": notice.body,
        "gravity": Notice.Gravity(notice.gravity).name.lower(),
        "categories": [category.key for category in notice.categories.all()],
        "starts_at": moment(notice.starts_at),
        "ends_at": moment(notice.ends_at),
    }
