"""Pictures of articles: added from the editor, shown to whoever may read the article."""

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from madoguchi.files import store
from madoguchi.foundation.refusal import Refused
from madoguchi.knowledge.actions import add_picture
from madoguchi.knowledge.models import Picture
from madoguchi.knowledge.pictures import LARGEST
from madoguchi.knowledge.rights import may_propose
from madoguchi.people.access import Capability
from madoguchi.web.shell.files import harmless
from madoguchi.web.shell.guard import StaffRequest, guard


@guard(Capability.READ_KNOWLEDGE)
@require_POST
def add(request: StaffRequest) -> HttpResponse:
    """The code of the picture that was chosen, pasted or dropped, as plain text."""
    if not may_propose(request.access):
        raise Refused(_("You may not write articles."), code="forbidden", status=403)
    upload = request.FILES.get("picture")
    if upload is None:
        raise Refused(_("Choose a picture."), code="picture_missing")
    # One byte more than is allowed tells that it is too large; a longer one is not read whole.
    picture = add_picture(upload.read(LARGEST + 1), by=request.user)
    return HttpResponse(picture.code, content_type="text/plain; charset=utf-8")


@guard(Capability.READ_KNOWLEDGE)
@require_GET
def show(request: StaffRequest, code: str) -> HttpResponseBase:
    """The picture, if it stands in an article that this person may read."""
    return answer(get_object_or_404(Picture.objects.visible_to(request.access).select_related("file"), code=code))


def answer(picture: Picture, *, cached: str = "private, max-age=86400") -> FileResponse:
    """The bytes as a picture that no browser takes for anything else; its address names its content."""
    file = store.path_of(picture.file.sha256).open("rb")
    response = harmless(FileResponse(file, content_type=picture.content_type))
    response["Cache-Control"] = cached
    return response
