from django.urls import path

from madoguchi.web.people import away, views, waiting

app_name = "people"
urlpatterns = [
    path("", views.index, name="index"),
    path("away/", away.everybody, name="absences"),
    path("away/mine/", away.own, name="own_absences"),
    path("away/duty/", away.duty, name="duty"),
    path("away/<int:absence_id>/end/", away.end, name="end_absence"),
    path("away/duty/<int:duty_id>/remove/", away.remove_duty, name="remove_duty"),
    path("away/waiting/", waiting.overview, name="waits"),
    path("away/waiting/<int:staff_id>/", waiting.waiting, name="waiting"),
    path("new/", views.new, name="new"),
    path("export.csv", views.export_people, {"kind": "csv"}, name="export_csv"),
    path("export.xlsx", views.export_people, {"kind": "xlsx"}, name="export_xlsx"),
    path("<int:person_id>/", views.person_page, name="person"),
    path("<int:person_id>/edit/", views.edit, name="edit"),
    path("<int:person_id>/numbers/", views.add_number, name="add_number"),
    path("<int:person_id>/numbers/<int:number_id>/remove/", views.remove_number, name="remove_number"),
    path("<int:person_id>/proposals/<int:proposal_id>/", views.decide_number, name="decide_number"),
    path("<int:person_id>/addresses/", views.add_address, name="add_address"),
    path("<int:person_id>/addresses/<int:address_id>/remove/", views.remove_address, name="remove_address"),
    path("organizations/names/", views.organization_names, name="organization_names"),
    path("organizations/<int:organization_id>/", views.organization_page, name="organization"),
]
