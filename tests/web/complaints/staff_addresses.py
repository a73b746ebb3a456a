"""The addresses of the room with those of the staff's pages, whatever the rest of the site has."""

from __future__ import annotations

from django.urls import include, path

from web.complaints.addresses import handler403, handler404
from web.complaints.addresses import urlpatterns as public

urlpatterns = [*public, path("triage/", include("quietline.web.complaints.urls_staff"))]

__all__ = ["handler403", "handler404", "urlpatterns"]
