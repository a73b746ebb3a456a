"""Addresses of this room. None holds a telephone number or anything personal; organisations stand by account number."""

from __future__ import annotations

from django.urls import path

from quietline.web.lists import serving, views, views_canaries

app_name = "lists"
urlpatterns = [
    path("of/<str:code>/", views.home, name="home"),
    path("of/<str:code>/lists.csv", views.home_csv, name="home_csv"),
    path("of/<str:code>/<str:country>/<str:area>/", views.area, name="area"),
    path("of/<str:code>/<str:country>/<str:area>/fetch/", views.fetch, name="fetch"),
    path("file/<str:token>", serving.file, name="file"),
    path("leaks/", views.leaks, name="leaks"),
    path("canaries/", views_canaries.canaries, name="canaries"),
    path("canaries/pool.csv", views_canaries.canaries_csv, name="canaries_csv"),
    path("canaries/<slug:code>/<str:area>/", views_canaries.canaries_of, name="canaries_of"),
]
