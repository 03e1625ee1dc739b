from django.urls import path

from madoguchi.web.notices import views

app_name = "notices"
urlpatterns = [
    path("", views.index, name="index"),
    path("strip/", views.strip, name="strip"),
    path("new/", views.new, name="new"),
    path("<int:notice_id>/", views.notice_page, name="page"),
    path("<int:notice_id>/edit/", views.edit, name="edit"),
    path("<int:notice_id>/end/", views.end, name="end"),
]
