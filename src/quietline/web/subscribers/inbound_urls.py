"""Addresses that a gateway hands texts and calls to; they check its secret themselves."""

from __future__ import annotations

from django.urls import path

from quietline.web.subscribers import inbound

__all__ = ["inbound_urlpatterns"]

app_name = "inbound"
inbound_urlpatterns = [
    path("texts", inbound.texts, name="texts"),
    path("calls", inbound.calls, name="calls"),
]
urlpatterns = inbound_urlpatterns
