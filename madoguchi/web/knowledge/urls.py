from django.urls import path

from madoguchi.web.knowledge import history, standing, views, writing

app_name = "knowledge"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", writing.new, name="new"),
    path("export.csv", views.export_articles, {"kind": "csv"}, name="export_csv"),
    path("export.xlsx", views.export_articles, {"kind": "xlsx"}, name="export_xlsx"),
    path("preview/", writing.preview, name="preview"),
    path("<int:article_id>/", views.article_page, name="page"),
    path("<int:article_id>/edit/", writing.edit, name="edit"),
    path("<int:article_id>/archive/", writing.archive_article, name="archive"),
    path("<int:article_id>/validate/", standing.validate_article, name="validate"),
    path("<int:article_id>/history/", history.history, name="history"),
    path("<int:article_id>/versions/<int:number>/restore/", history.bring_back, name="bring_back"),
]
