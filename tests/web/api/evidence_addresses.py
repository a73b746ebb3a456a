"""The addresses of evidence, where the site has them, and what its letters link to."""

from __future__ import annotations

from django.urls import include, path

from quietline.web.api.description import Api
from quietline.web.api.evidence import router
from quietline.web.site import views

api = Api()
api.add_router("", router)
urlpatterns = [
    path("", views.home, name="home"),
    path("evidence/", include("quietline.web.evidence.urls")),
    path("api/v1/", api.urls),
]
