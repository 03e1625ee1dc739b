from django.urls import path

from madoguchi.web.faq import machines, views

app_name = "faq"
urlpatterns = [
    path("", views.index, name="index"),
    path("sitemap.xml", machines.sitemap, name="sitemap"),
    path("feed.xml", machines.feed, name="feed"),
    path("pictures/<str:code>/", machines.picture, name="picture"),
    path("<path:key>/helped/", views.helped, name="helped"),
    path("<path:key>/", views.article_page, name="page"),
]
