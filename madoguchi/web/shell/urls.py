"""The addresses of the frame itself."""

from django.urls import path

from madoguchi.web.shell import style_page, views

urlpatterns = [
    path("", views.home, name="home"),
    path("profile/", views.profile, name="profile"),
    path("shell/menu/", views.menu, name="shell_menu"),
    path("shell/language/", views.language, name="shell_language"),
    path("shell/components/", style_page.components, name="shell_components"),
]
