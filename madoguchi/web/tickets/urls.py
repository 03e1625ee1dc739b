from django.urls import path

from madoguchi.web.tickets import acts, clocks, correcting, lists, solving, views

app_name = "tickets"
urlpatterns = [
    path("", lists.index, name="index"),
    path("export.csv", lists.export, {"kind": "csv"}, name="export_csv"),
    path("export.xlsx", lists.export, {"kind": "xlsx"}, name="export_xlsx"),
    path("views/", lists.save_view, name="save_view"),
    path("views/<int:view_id>/delete/", lists.delete_view, name="delete_view"),
    path("new/", acts.new, name="new"),
    path("files/<int:attachment_id>/", views.download, name="download"),
    path("<str:number>/", views.ticket_page, name="page"),
    path("<str:number>/earlier/", views.earlier, name="earlier"),
    path("<str:number>/clocks/", clocks.clocks, name="clocks"),
    path("<str:number>/seen/", views.seen, name="seen"),
    path("<str:number>/messages/", acts.post, name="post"),
    path("<str:number>/change/", acts.change_fields, name="change"),
    path("<str:number>/correct/", correcting.correct_sheet, name="correct"),
    path("<str:number>/resolve/", acts.resolve_sheet, name="resolve"),
    path("<str:number>/articles/", solving.articles, name="articles"),
    path("<str:number>/articles/put-away/", solving.put_away, name="put_away"),
    path("<str:number>/wait/", acts.wait_sheet, name="wait"),
    path("<str:number>/go-on/", acts.go_on_again, name="go_on"),
    path("<str:number>/close/", acts.close_ticket, name="close"),
    path("<str:number>/reopen/", acts.reopen_ticket, name="reopen"),
    path("<str:number>/link/", acts.link_sheet, name="link"),
    path("<str:number>/call-back/", acts.call_back_sheet, name="call_back"),
    path("<str:number>/refer-to-sales/", acts.refer, name="refer"),
]
