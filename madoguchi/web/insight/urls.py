from django.urls import path

from madoguchi.web.insight import views

app_name = "insight"
urlpatterns = [
    path("", views.index, name="index"),
    path("<slug:name>/", views.report, name="report"),
    path("<slug:name>/tickets/", views.tickets, name="tickets"),
    path("<slug:name>/calls/", views.calls, name="calls"),
    path("<slug:name>/contacts/", views.contacts, name="contacts"),
    path("<slug:name>/csv/", views.export_csv, name="export_csv"),
    path("<slug:name>/xlsx/", views.export_xlsx, name="export_xlsx"),
]
