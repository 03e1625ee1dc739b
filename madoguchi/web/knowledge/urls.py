from django.urls import include, path

from madoguchi.web.knowledge import comments, history, pictures, review, standing, terms, views, writing

app_name = "knowledge"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", writing.new, name="new"),
    path("export.csv", views.export_articles, {"kind": "csv"}, name="export_csv"),
    path("export.xlsx", views.export_articles, {"kind": "xlsx"}, name="export_xlsx"),
    path("review/", review.index, name="review"),
    path("comments/", comments.index, name="comments"),
    path("comments/<int:comment_id>/answer/", comments.reply, name="reply"),
    path("pictures/", pictures.add, name="add_picture"),
    path("pictures/<str:code>/", pictures.show, name="picture"),
    path("scripts/", include("madoguchi.web.knowledge.scripts.urls")),
    path("preview/", writing.preview, name="preview"),
    path("<int:article_id>/", views.article_page, name="page"),
    path("<int:article_id>/edit/", writing.edit, name="edit"),
    path("<int:article_id>/archive/", writing.archive_article, name="archive"),
    path("<int:article_id>/validate/", standing.validate_article, name="validate"),
    path("<int:article_id>/comment/", comments.write, name="comment"),
    path("<int:article_id>/history/", history.history, name="history"),
    path("<int:article_id>/versions/<int:number>/restore/", history.bring_back, name="bring_back"),
    path("terms/", terms.index, name="terms"),
    path("terms/new/", terms.new, name="term_new"),
    path("terms/export.csv", terms.export_terms, {"kind": "csv"}, name="terms_csv"),
    path("terms/export.xlsx", terms.export_terms, {"kind": "xlsx"}, name="terms_xlsx"),
    path("terms/import/", terms.import_terms, name="terms_import"),
    path("terms/<int:term_id>/card/", terms.card, name="term_card"),
    path("terms/<int:term_id>/edit/", terms.edit, name="term_edit"),
    path("terms/<int:term_id>/remove/", terms.remove_term, name="term_remove"),
]
