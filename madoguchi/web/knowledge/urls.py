from django.urls import path

from madoguchi.web.knowledge import views

app_name = "knowledge"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views.new, name="new"),
    path("preview/", views.preview, name="preview"),
    path("<int:article_id>/", views.article_page, name="page"),
    path("<int:article_id>/edit/", views.edit, name="edit"),
    path("<int:article_id>/archive/", views.archive_article, name="archive"),
]
