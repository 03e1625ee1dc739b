from django.urls import path

from madoguchi.web.handoffs import frozen, inbox, notes, offering

app_name = "handoffs"
urlpatterns = [
    path("", inbox.index, name="index"),
    path("<int:handoff_id>/accept/", inbox.accept_offer, name="accept"),
    path("<int:handoff_id>/return/", inbox.return_sheet, name="return"),
    path("<int:handoff_id>/articles/", inbox.articles, name="articles"),
    path("<int:handoff_id>/recall/", inbox.recall_offer, name="recall"),
    path("offer/<str:number>/", offering.offer_sheet, name="offer"),
    path("offer/<str:number>/items/", offering.items, name="items"),
    path("offer/<str:number>/sales/", offering.sales, name="sales"),
    path("frozen/", frozen.index, name="frozen"),
    path("frozen/<str:number>/", frozen.decide, name="decide"),
    path("notes/", notes.index, name="notes"),
    path("notes/<int:note_id>/acknowledge/", notes.acknowledge, name="acknowledge"),
    path("notes/<int:note_id>/settle/", notes.settle, name="settle"),
]
