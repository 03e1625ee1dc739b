from django.urls import path

from madoguchi.web.knowledge import views

app_name = "knowledge"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views.new, name="new"),
    path("export.csv", views.export_articles, {"kind": "csv"}, name="export_csv"),
    path("export.xlsx", views.export_articles, {"kind": "xlsx"}, name="export_xlsx"),
    path("preview/", views.preview, name="preview"),
    path("<int:article_id>/", views.article_page, name="page"),
    path("<int:article_id>/edit/", views.edit, name="edit"),
    path("<int:article_id>/archive/", views.archive_article, name="archive"),
]
