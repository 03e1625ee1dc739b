"""The addresses of the answer page: the token of the signed link is all that stands in them."""

from django.urls import path

from madoguchi.web.answer import views

app_name = "answer"
urlpatterns = [
    path("", views.index, name="index"),
    path("<str:token>/", views.page_of_link, name="page"),
]
