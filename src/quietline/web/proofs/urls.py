"""Addresses of the room. ``checkpoint`` and ``tile/...`` lie side by side, as C2SP tlog-tiles has it."""

from __future__ import annotations

from django.urls import path

from quietline.web.proofs import views

app_name = "proofs"
urlpatterns = [
    path("", views.home, name="home"),
    path("find/", views.find, name="find"),
    path("key", views.key, name="key"),
    path("checkpoint", views.checkpoint, name="checkpoint"),
    path("tile/<path:place>", views.tile, name="tile"),
    path("entry/<int:index>.json", views.entry, name="entry"),
]
