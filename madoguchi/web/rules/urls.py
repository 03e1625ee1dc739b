from django.urls import path

from madoguchi.web.rules import on_ticket, trials, views, writing

app_name = "rules"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", writing.new, name="new"),
    path("builder/", writing.builder, name="builder"),
    path("sentence/", writing.sentence, name="sentence"),
    path("<int:rule_id>/", views.rule_page, name="page"),
    path("<int:rule_id>/edit/", writing.edit, name="edit"),
    path("<int:rule_id>/move/", views.move, name="move"),
    path("<int:rule_id>/switch/", views.switch, name="switch"),
    path("<int:rule_id>/try/", trials.ask, name="try"),
    path("trials/<int:trial_id>/", trials.trial_page, name="trial"),
    path("approvals/", on_ticket.approvals, name="approvals"),
    path("approve/<slug:number>/", on_ticket.approve, name="approve"),
    path("proposals/<int:proposal_id>/put-away/", on_ticket.put_proposal_away, name="put_away"),
]
