from django.urls import path

from madoguchi.web.departments import chains, edit, exchange, history, views

app_name = "departments"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", edit.new_department, name="new"),
    path("export.csv", exchange.export_csv, name="export"),
    path("import/", exchange.start, name="import"),
    path("import/accept/", exchange.accept, name="accept_import"),
    path("<int:department_id>/", views.department_page, name="department"),
    path("<int:department_id>/history/", history.history, name="history"),
    path("<int:department_id>/history/export.csv", history.export, {"kind": "csv"}, name="history_csv"),
    path("<int:department_id>/history/export.xlsx", history.export, {"kind": "xlsx"}, name="history_xlsx"),
    path("<int:department_id>/edit/", edit.department, name="edit"),
    path("<int:department_id>/chain/", chains.order, name="chain"),
    path("<int:department_id>/topics/new/", edit.new_topic, name="new_topic"),
    path("<int:department_id>/topics/<int:topic_id>/", edit.topic, name="topic"),
    path("<int:department_id>/topics/<int:topic_id>/chain/", chains.order_topic, name="topic_chain"),
    path("<int:department_id>/contacts/new/", edit.new_contact, name="new_contact"),
    path("contacts/<int:contact_id>/", edit.contact, name="contact"),
    path("contacts/<int:contact_id>/confirm/", edit.confirm, name="confirm"),
    path("contacts/<int:contact_id>/away/", edit.away, name="away"),
    path("away/<int:absence_id>/end/", edit.back, name="back"),
]
