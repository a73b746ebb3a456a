"""Addresses of OAuth."""

from __future__ import annotations

from django.urls import path

from quietline.web.accounts import oauth

urlpatterns = [path("token", oauth.token, name="oauth_token")]
