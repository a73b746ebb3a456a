"""The addresses of this room, where the site has them."""

from __future__ import annotations

from django.urls import include, path

from quietline.web.site import views

urlpatterns = [
    path("", views.home, name="home"),
    path("api/", include("quietline.web.api.urls")),
    path("oauth/", include("quietline.web.accounts.oauth_urls")),
    path("lists/", include("quietline.web.lists.urls")),
]
