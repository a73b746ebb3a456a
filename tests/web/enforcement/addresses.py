"""The addresses that the pages of this room need, whatever the rest of the site has."""

from __future__ import annotations

from django.urls import include, path
from django.views.i18n import set_language

from quietline.web.site import views

urlpatterns = [
    path("", views.home, name="home"),
    path("language/", set_language, name="set_language"),
    path("account/", include("quietline.web.accounts.urls")),
    path("handset/", include("quietline.web.messaging.urls")),
    path("my-number/", include("quietline.web.subscribers.urls")),
    path("reports/", include("quietline.web.complaints.urls")),
    path("inquiries/", include("quietline.web.inquiries.urls")),
    path("sellers/", include("quietline.web.sellers.urls")),
    path("seals/", include("quietline.web.seals.urls")),
    path("cases/", include("quietline.web.enforcement.urls")),
    path("proofs/", include("quietline.web.proofs.urls")),
]
handler403 = "quietline.web.site.errors.forbidden"
handler404 = "quietline.web.site.errors.not_found"
