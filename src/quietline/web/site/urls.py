"""All addresses. Each must have a name, and the name a line in the access table."""

from __future__ import annotations

from django.urls import include, path
from django.views.i18n import set_language

from quietline.web.site import views

urlpatterns = [
    path("", views.home, name="home"),
    path("language/", set_language, name="set_language"),
    path("healthy", views.healthy, name="healthy"),
    path("ready", views.ready, name="ready"),
    path("metrics", views.metrics, name="metrics"),
    path("api/", include("quietline.web.api.urls")),
    path("account/", include("quietline.web.accounts.urls")),
    path("oauth/", include("quietline.web.accounts.oauth_urls")),
    path("feeds/", include("quietline.web.publishing.urls")),
    path("gateway/", include("quietline.web.subscribers.inbound_urls")),
    path("my-number/", include("quietline.web.subscribers.urls")),
    path("", include("quietline.web.operators.urls")),
    path("reports/", include("quietline.web.complaints.urls")),
    path("triage/", include("quietline.web.complaints.urls_staff")),
    path("cases/", include("quietline.web.enforcement.urls")),
    path("handset/", include("quietline.web.messaging.urls")),
    path("inquiries/", include("quietline.web.inquiries.urls")),
    path("evidence/", include("quietline.web.evidence.urls")),
    path("sellers/", include("quietline.web.sellers.urls")),
    path("seals/", include("quietline.web.seals.urls")),
    path("subscriptions/", include("quietline.web.subscriptions.urls")),
    path("lists/", include("quietline.web.lists.urls")),
    path("washing/", include("quietline.web.washing.urls")),
    path("compliance/", include("quietline.web.compliance.urls")),
    path("figures/", include("quietline.web.statistics.urls")),
    path("emulators/", include("quietline.web.emulators.urls")),
    path("proofs/", include("quietline.web.proofs.urls")),
]
handler400 = "quietline.web.site.errors.bad_request"
handler403 = "quietline.web.site.errors.forbidden"
handler404 = "quietline.web.site.errors.not_found"
handler500 = "quietline.web.site.errors.server_error"
