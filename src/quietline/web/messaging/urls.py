"""Addresses of the room: the demonstration's telephones, which production does not have."""

from __future__ import annotations

from django.urls import path

from quietline.web.messaging import views

app_name = "messaging"
urlpatterns = [
    path("", views.handset, name="handset"),
    path("telephone/", views.telephone, name="telephone"),
]
