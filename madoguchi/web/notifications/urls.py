from django.urls import path

from madoguchi.web.notifications import views

app_name = "notifications"
urlpatterns = [
    path("", views.index, name="index"),
    path("bell/", views.bell, name="bell"),
    path("read/", views.read_all, name="read_all"),
    path("mail/", views.by_mail, name="mail"),
    path("<int:notification_id>/", views.open_one, name="open"),
]
