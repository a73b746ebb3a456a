"""The addresses of this room and its part of the interface for programs; other rooms need not be there."""

from __future__ import annotations

from django.urls import include, path
from django.views.i18n import set_language

from quietline.web.api.description import Api
from quietline.web.api.inquiries import router
from quietline.web.site import views

api = Api()
api.add_router("", router)
urlpatterns = [
    path("", views.home, name="home"),
    path("language/", set_language, name="set_language"),
    path("account/", include("quietline.web.accounts.urls")),
    path("inquiries/", include("quietline.web.inquiries.urls")),
    path("api/v1/", api.urls),
]
handler403 = "quietline.web.site.errors.forbidden"
handler404 = "quietline.web.site.errors.not_found"
