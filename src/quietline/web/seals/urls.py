"""Addresses of this room. None holds a telephone number: a seal and an appeal are named by their references."""

from __future__ import annotations

from django.urls import path

from quietline.web.seals import views, views_appeals, views_office, views_trust

app_name = "seals"
urlpatterns = [
    path("", views.check, name="check"),
    path("figures/", views.figures, name="figures"),
    path("figures.csv", views.figures_csv, name="figures_csv"),
    path("appeals/", views_appeals.appeals, name="appeals"),
    path("appeals/new/", views_appeals.new, name="appeal_new"),
    path("appeals/sent/", views_appeals.sent, name="appeal_sent"),
    path("appeals/open/", views_appeals.open_link, name="appeal_open"),
    path("appeals/open/<uuid:challenge>/<str:token>/", views_appeals.open_link, name="appeal_opened"),
    path("appeals/<slug:reference>/", views_appeals.one, name="appeal"),
    path("appeals/<slug:reference>/act/", views_appeals.act, name="appeal_act"),
    path("trusted/<str:code>/", views_trust.mine, name="trusted_mine"),
    path("office/", views_office.office, name="office"),
    path("office/seals/", views_office.seals, name="office_seals"),
    path("office/seals.csv", views_office.seals_csv, name="office_seals_csv"),
    path("office/seals/new/", views_office.new, name="office_new"),
    path("office/seals/<slug:reference>/", views_office.seal, name="office_seal"),
    path("office/seals/<slug:reference>/act/", views_office.seal_act, name="office_seal_act"),
    path("office/appeals/", views_appeals.queue, name="office_appeals"),
    path("office/appeals/<slug:reference>/", views_appeals.office_one, name="office_appeal"),
    path("office/appeals/<slug:reference>/act/", views_appeals.office_act, name="office_appeal_act"),
    path("office/trusted/", views_trust.trusts, name="office_trusts"),
    path("office/trusted/new/", views_trust.new, name="office_trust_new"),
    path("office/trusted/<slug:reference>/", views_trust.trust, name="office_trust"),
    path("office/trusted/<slug:reference>/act/", views_trust.act, name="office_trust_act"),
    path("<slug:reference>/", views.one, name="one"),
]
