"""Addresses of this room. None holds a telephone number: an inquiry is named by its reference."""

from __future__ import annotations

from django.urls import path

from quietline.web.inquiries import views, views_office

app_name = "inquiries"
urlpatterns = [
    path("", views.home, name="home"),
    path("office/<str:code>/", views_office.office, name="office"),
    path("office/<str:code>/sent.csv", views_office.office_csv, name="office_csv"),
    path("office/<str:code>/<str:reference>/", views_office.sent, name="sent"),
    path("office/<str:code>/<str:reference>/act/", views_office.sent_act, name="sent_act"),
    path("office/<str:code>/<str:reference>/files/<int:pk>/", views_office.sent_file, name="sent_file"),
    path("<str:code>/", views.inbox, name="inbox"),
    path("<str:code>/inbox.csv", views.inbox_csv, name="inbox_csv"),
    path("<str:code>/carried-out/", views.acknowledge_all, name="acknowledge_all"),
    path("<str:code>/<str:reference>/", views.one, name="one"),
    path("<str:code>/<str:reference>/act/", views.act, name="act"),
    path("<str:code>/<str:reference>/files/<int:pk>/", views.file, name="file"),
]
