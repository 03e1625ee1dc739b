from django.urls import path

from madoguchi.web.board import difficult, views

app_name = "board"
urlpatterns = [
    path("", views.index, name="index"),
    path("live/", views.live, name="live"),
    path("calls/", views.calls, name="calls"),
    path("calls/export.csv", views.export_calls, {"kind": "csv"}, name="export_calls_csv"),
    path("calls/export.xlsx", views.export_calls, {"kind": "xlsx"}, name="export_calls_xlsx"),
    path("calls/<int:contact_id>/settle/", views.settle, name="settle"),
    path("difficult/<int:difficulty_id>/", difficult.difficult, name="difficult"),
    path("today/<slug:figure>/", views.tickets, name="tickets"),
]
