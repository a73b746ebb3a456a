"""Addresses of the room, from the root of the site: what holders undo, what clerks report. None holds a number."""

from __future__ import annotations

from django.urls import path

from quietline.web.operators import views, views_clerks

app_name = "operators"
urlpatterns = [
    path("undo/", views.undo, name="undo"),
    path("operators/", views_clerks.home, name="home"),
    path("operators/<slug:code>/lines/", views_clerks.lines, name="lines"),
    path("operators/<slug:code>/lines.csv", views_clerks.lines_csv, name="lines_csv"),
    path("operators/<slug:code>/lines/take-back/", views_clerks.take_back, name="take_back"),
]
