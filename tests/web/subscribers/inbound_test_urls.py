"""The site's addresses with those that a gateway hands texts and calls to."""

from __future__ import annotations

from django.urls import include, path

from quietline.web.site import urls as site_urls

handler400, handler403, handler404 = site_urls.handler400, site_urls.handler403, site_urls.handler404
handler500 = site_urls.handler500
urlpatterns = [*site_urls.urlpatterns, path("gateway/", include("quietline.web.subscribers.inbound_urls"))]
