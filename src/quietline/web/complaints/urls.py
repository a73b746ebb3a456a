"""Addresses of the public pages about reports. None holds a number; a reference opens nothing by itself."""

from __future__ import annotations

from django.urls import path

from quietline.web.complaints import views, views_bulk, views_status

app_name = "reports"
urlpatterns = [
    path("", views.new, name="new"),
    path("find/", views_status.find, name="find"),
    path("open/", views_status.open_link, name="open"),
    path("open/<uuid:challenge>/<str:token>/", views_status.open_link, name="opened"),
    path("mine/", views_status.mine, name="mine"),
    path("mine.csv", views_status.mine_csv, name="mine_csv"),
    path("files/", views_bulk.bulk, name="bulk"),
    path("<slug:reference>/", views_status.one, name="one"),
    path("<slug:reference>/received/", views.received, name="received"),
    path("<slug:reference>/confirm/", views.prove, name="prove"),
    path("<slug:reference>/confirm/<uuid:challenge_id>/", views.code, name="code"),
    path("<slug:reference>/copy.txt", views_status.copy, name="copy"),
    path("<slug:reference>/withdraw/", views_status.withdraw, name="withdraw"),
    path("<slug:reference>/files/<int:pk>/", views_status.attachment, name="attachment"),
]
