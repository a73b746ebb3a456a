"""All addresses of the site, with those of the telephones and one that takes what they send."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import include, path

from quietline.web.site import urls

_inbound = ([path("inbound/", lambda request: HttpResponse("taken"), name="inbound")], "subscribers")
urlpatterns = [path("handset/", include("quietline.web.messaging.urls")), path("", include(_inbound)), *urls.urlpatterns]
