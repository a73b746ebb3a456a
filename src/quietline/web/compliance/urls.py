"""Addresses of this room."""

from __future__ import annotations

from django.urls import path

from quietline.web.compliance import views

app_name = "compliance"
urlpatterns = [
    path("of/<str:code>/", views.home, name="home"),
    path("of/<str:code>/duties.csv", views.duties_csv, name="duties_csv"),
    path("of/<str:code>/file/", views.file, name="file"),
    path("of/<str:code>/file.pdf", views.file_pdf, name="file_pdf"),
]
