"""Addresses of the room: our own under the name ``accounts:``, the log-in library's under its own names."""

from __future__ import annotations

from django.urls import include, path

from quietline.web.accounts import views

_own = [
    path("", views.home, name="home"),
    path("sessions/end/", views.end_sessions, name="end_sessions"),
    path("invitation/<uuid:challenge>/<str:token>/", views.invitation, name="invitation"),
    path("organisation/<str:code>/", views.organisation, name="organisation"),
    path("organisation/<str:code>/invite/", views.invite, name="invite"),
    path("organisation/<str:code>/invitations/<int:pk>/withdraw/", views.revoke_invitation, name="revoke_invitation"),
    path("organisation/<str:code>/members/<int:pk>/end/", views.end_membership, name="end_membership"),
    path("organisation/<str:code>/keys/", views.keys, name="keys"),
    path("organisation/<str:code>/keys/<str:handle>/revoke/", views.revoke_key, name="revoke_key"),
    path("organisation/<str:code>/keys/webhooks/<uuid:outlet>/end/", views.end_outlet, name="end_outlet"),
]
urlpatterns = [path("", include((_own, "accounts"))), path("", include("allauth.urls"))]
