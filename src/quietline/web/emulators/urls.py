"""Addresses of the room. Behind the first part they are those of the systems that are emulated."""

from __future__ import annotations

from django.urls import path

from quietline.web.emulators import views, views_au, views_sg, views_us

app_name = "emulators"
urlpatterns = [
    path("of/<str:code>/", views.home, name="home"),
    path("of/<str:code>/accounts.csv", views.accounts_csv, name="accounts_csv"),
    path("of/<str:code>/australia/", views.australia, name="australia"),
    path("of/<str:code>/singapore/", views.singapore, name="singapore"),
    path("of/<str:code>/<str:system>/<int:pk>/end/", views.end, name="end"),
    path("au/dncrtelem/rtw/washing.cfc", views_au.washing, name="australian"),
    path("sg/realtime/check/registry", views_sg.registry, name="singaporean"),
    path("us/areas", views_us.areas, name="american_areas"),
    path("us/<str:kind>/<str:form>/<str:area>", views_us.download, name="american"),
]
