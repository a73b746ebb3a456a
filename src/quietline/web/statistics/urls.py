"""Addresses of this room."""

from __future__ import annotations

from django.urls import path

from quietline.web.statistics import views, views_desk, views_open

app_name = "statistics"
_BOOK = "of/<str:country>/<str:period>/"
urlpatterns = [
    path("", views.home, name="home"),
    path(_BOOK, views.book, name="book"),
    path(f"{_BOOK}book.json", views.book_json, name="book_json"),
    path(f"{_BOOK}published.json", views.published_json, name="published_json"),
    path(f"{_BOOK}<slug:table>.csv", views.table_csv, name="table_csv"),
    path("open/", views_open.files, name="open"),
    path("open/quality.schema.json", views_open.schema, name="quality_schema"),
    path("open/<str:country>/<str:period>/calls.<slug:form>", views_open.file, name="open_file"),
    path("desk/", views_desk.desk, name="desk"),
    path("desk/propose/", views_desk.propose, name="propose"),
    path("desk/publish/<int:draft>/", views_desk.publish, name="publish"),
]
