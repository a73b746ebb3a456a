"""Addresses of this room. None holds a telephone number: numbers are typed into forms."""

from __future__ import annotations

from django.urls import path

from quietline.web.evidence import views, views_uploads

app_name = "evidence"
urlpatterns = [
    path("<str:code>/", views.overview, name="overview"),
    path("<str:code>/number/", views.number, name="number"),
    path("<str:code>/add/", views.add, name="add"),
    path("<str:code>/stop-requests/", views.stops, name="stops"),
    path("<str:code>/stop-requests.csv", views.stops_csv, name="stops_csv"),
    path("<str:code>/contested/", views.contests, name="contests"),
    path("<str:code>/contested/<int:pk>/", views.answer, name="answer"),
    path("<str:code>/export/", views.export, name="export"),
    path("<str:code>/upload/", views_uploads.upload, name="upload"),
    path("<str:code>/upload/<uuid:pk>/", views_uploads.uploaded, name="uploaded"),
    path("<str:code>/upload/<uuid:pk>/problems.csv", views_uploads.problems, name="problems"),
    path("<str:code>/upload/<uuid:pk>/record/", views_uploads.accept, name="accept"),
    path("<str:code>/upload/<uuid:pk>/drop/", views_uploads.drop, name="drop"),
]
