"""Addresses of the room. ``checkpoint`` and ``tile/...`` lie side by side, as C2SP tlog-tiles has it."""

from __future__ import annotations

from django.urls import path

from quietline.web.proofs import views, views_own

app_name = "proofs"
urlpatterns = [
    path("", views.home, name="home"),
    path("find/", views.find, name="find"),
    path("own/", views_own.own, name="own"),
    path("own.json", views_own.own_json, name="own_json"),
    path("key", views.key, name="key"),
    path("checkpoint", views.checkpoint, name="checkpoint"),
    path("tile/<path:place>", views.tile, name="tile"),
    path("entry/<int:index>.json", views.entry, name="entry"),
]
