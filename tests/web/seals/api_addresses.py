"""This room's part of the interface for programs; other rooms need not be there."""

from __future__ import annotations

from django.urls import path

from quietline.web.api.description import Api
from quietline.web.api.seals import router

api = Api()
api.add_router("", router)
urlpatterns = [path("api/v1/", api.urls)]
