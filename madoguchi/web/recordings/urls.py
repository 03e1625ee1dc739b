from django.urls import path

from madoguchi.web.recordings import views

app_name = "recordings"
urlpatterns = [
    path("call/<int:call_id>/add/", views.add, name="add"),
    path("<int:recording_id>/sound/", views.sound, name="sound"),
    path("policies/", views.policies, name="policies"),
    path("policies/<int:policy_id>/drop/", views.drop, name="drop"),
]
