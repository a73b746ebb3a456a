"""Addresses of the room: feeds, and files of feeds."""

from __future__ import annotations

from django.urls import path

from quietline.web.publishing import serving

app_name = "publishing"
urlpatterns = [
    path("file/<str:token>", serving.file, name="file"),
    path("<slug:register>/<slug:projection>/<path:path>", serving.object_of_feed, name="object"),
]
