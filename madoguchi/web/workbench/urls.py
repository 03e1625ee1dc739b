from django.urls import path

from madoguchi.web.workbench import callers, lists, settling, stepping, views

app_name = "workbench"
urlpatterns = [
    path("", views.index, name="index"),
    path("due/", views.due, name="due"),
    path("phone/", views.phone, name="phone"),
    path("state/", views.set_state, name="state"),
    path("begin/", lists.begin, name="begin"),
    path("dial/", lists.dial, name="dial"),
    path("bypass/", lists.bypass, name="bypass"),
    path("call-backs/<int:call_back_id>/", lists.call_back, name="call_back"),
    path("contacts/<int:contact_id>/save/", views.save, name="save"),
    path("contacts/<int:contact_id>/article/", views.take_article, name="take_article"),
    path("contacts/<int:contact_id>/articles/<int:article_id>/", views.read_article, name="read_article"),
    path("contacts/<int:contact_id>/articles/<int:article_id>/dismiss/", views.dismiss_article, name="dismiss_article"),
    path("contacts/<int:contact_id>/articles/<int:article_id>/restore/", views.restore_article, name="restore_article"),
    path("contacts/<int:contact_id>/script/", stepping.step, name="script"),
    path("contacts/<int:contact_id>/known/", views.known, name="known"),
    path("contacts/<int:contact_id>/wrap-up/end/", views.finish_wrapup, name="finish_wrapup"),
    path("contacts/<int:contact_id>/person/", callers.choose, name="choose"),
    path("contacts/<int:contact_id>/people/", callers.search, name="search"),
    path("contacts/<int:contact_id>/people/new/", callers.add, name="add_person"),
    path("contacts/<int:contact_id>/identity/", callers.check, name="check"),
    path("contacts/<int:contact_id>/take-over/", callers.take, name="take_over"),
    path("contacts/<int:contact_id>/settle/", settling.settle, name="settle"),
    path("contacts/<int:contact_id>/hand-over/sheet/", settling.hand_over_sheet, name="hand_over_sheet"),
    path("contacts/<int:contact_id>/hand-over/", settling.hand_over, name="hand_over"),
    path("contacts/<int:contact_id>/sales/", settling.to_sales, name="to_sales"),
    path("contacts/<int:contact_id>/ask/sheet/", settling.ask_sheet, name="ask_sheet"),
    path("contacts/<int:contact_id>/ask/", settling.ask_department, name="ask"),
    path("contacts/<int:contact_id>/call-back/sheet/", settling.call_back_sheet, name="call_back_sheet"),
    path("contacts/<int:contact_id>/call-back/", settling.promise, name="promise"),
    path("contacts/<int:contact_id>/put-away/", lists.put_away, name="put_away"),
    path("contacts/<int:contact_id>/end/", lists.end, name="end"),
]
