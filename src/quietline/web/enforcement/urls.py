"""Addresses of this room. None holds a telephone number: cases, letters and packages are named by their references."""

from __future__ import annotations

from django.urls import path

from quietline.web.enforcement import views, views_about, views_agency, views_case, views_letters

app_name = "enforcement"
urlpatterns = [
    path("", views.queue, name="queue"),
    path("queue.csv", views.queue_csv, name="queue_csv"),
    path("bulk/", views.bulk, name="bulk"),
    path("open/", views.open_page, name="open"),
    path("outcomes/", views_about.outcomes, name="outcomes"),
    path("outcomes.csv", views_about.outcomes_csv, name="outcomes_csv"),
    path("letters/", views_letters.templates, name="templates"),
    path("letters/<int:pk>/review/", views_letters.review, name="template_review"),
    path("letters/<int:pk>.pdf", views_letters.letter, name="letter"),
    path("letters/<slug:code>/", views_letters.write, name="template_write"),
    path("referred/", views_agency.referred, name="referred"),
    path("referred/<slug:reference>/", views_agency.one, name="referral"),
    path("referred/<slug:reference>/package.zip", views_agency.fetch, name="referral_fetch"),
    path("referred/<slug:reference>/answer/", views_agency.answer, name="referral_answer"),
    path("about/<str:code>/", views_about.about, name="about"),
    path("about/<str:code>/<slug:reference>/", views_about.one, name="about_one"),
    path("about/<str:code>/<slug:reference>/letters/<int:pk>.pdf", views_about.letter, name="about_letter"),
    path("about/<str:code>/<slug:reference>/appeal/", views_about.appeal, name="appeal"),
    path("<slug:reference>/", views_case.case, name="case"),
    path("<slug:reference>/reporters/<int:name>/", views_case.reporter, name="reporter"),
    path("<slug:reference>/packages/<slug:referral>.zip", views_case.package, name="package"),
    path("<slug:reference>/<slug:name>/", views_case.step, name="step"),
]
