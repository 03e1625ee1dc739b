from django.urls import path

from madoguchi.web.knowledge.scripts import figures, sandbox, views, writing

app_name = "scripts"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", writing.new, name="new"),
    path("<int:category_id>/", views.script_page, name="page"),
    path("<int:category_id>/edit/", writing.edit, name="edit"),
    path("<int:category_id>/builder/", writing.builder, name="builder"),
    path("<int:category_id>/check/", writing.check, name="check"),
    path("<int:category_id>/switch/", views.switch, name="switch"),
    path("<int:category_id>/<int:number>/try/", sandbox.walk, name="try"),
    path("<int:category_id>/<int:number>/contacts/", figures.contacts, name="contacts"),
]
