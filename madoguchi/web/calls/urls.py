from django.urls import path

from madoguchi.web.calls import views

app_name = "calls"
urlpatterns = [path("<int:call_id>/", views.call_page, name="page")]
