from django.urls import path

from madoguchi.web.consultations import acts, asking, lists, policies

app_name = "consultations"
urlpatterns = [
    path("", lists.index, name="index"),
    path("export.csv", lists.export, {"kind": "csv"}, name="export_csv"),
    path("export.xlsx", lists.export, {"kind": "xlsx"}, name="export_xlsx"),
    path("ask/<str:number>/", asking.ask_sheet, name="ask"),
    path("ask/<str:number>/plan/", asking.plan, name="plan"),
    path("policies/", policies.index, name="policies"),
    path("policies/<str:which>/", policies.policy, name="policy"),
    path("policies/<str:which>/remove/", policies.remove, name="remove_policy"),
    path("files/<int:attachment_id>/", acts.file, name="file"),
    path("remarks/<int:remark_id>/original/", acts.original, name="original"),
    path("remarks/<int:remark_id>/read-as/", acts.reread, name="read_as"),
    path("<int:consultation_id>/", acts.consultation_page, name="page"),
    path("<int:consultation_id>/note/", acts.heard, name="note"),
    path("<int:consultation_id>/reply/", acts.reply_to_department, name="reply"),
    path("<int:consultation_id>/next/", acts.go_on, name="next"),
    path("<int:consultation_id>/withdraw/", acts.take_back, name="withdraw"),
    path("<int:consultation_id>/reviewed/", acts.reviewed, name="reviewed"),
]
