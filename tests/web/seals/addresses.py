"""The addresses of this room, and of those that its pages lead to; other rooms need not be there."""

from __future__ import annotations

from django.urls import include, path
from django.views.i18n import set_language

from quietline.web.site import views

urlpatterns = [
    path("", views.home, name="home"),
    path("language/", set_language, name="set_language"),
    path("account/", include("quietline.web.accounts.urls")),
    path("my-number/", include("quietline.web.subscribers.urls")),
    path("inquiries/", include("quietline.web.inquiries.urls")),
    path("seals/", include("quietline.web.seals.urls")),
]
handler403 = "quietline.web.site.errors.forbidden"
handler404 = "quietline.web.site.errors.not_found"
