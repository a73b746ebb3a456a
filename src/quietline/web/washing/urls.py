"""Addresses of this room."""

from __future__ import annotations

from django.urls import path

from quietline.web.washing import views, views_alerts, views_upload

app_name = "washing"
urlpatterns = [
    path("organisation/<str:code>/", views.washes, name="washes"),
    path("organisation/<str:code>/washes.csv", views.washes_csv, name="washes_csv"),
    path("organisation/<str:code>/new/", views_upload.new, name="new"),
    path("organisation/<str:code>/check/", views.check, name="check"),
    path("organisation/<str:code>/drop/", views.drop, name="drop"),
    path("organisation/<str:code>/<uuid:wash_id>/", views.wash, name="wash"),
    path("organisation/<str:code>/<uuid:wash_id>/<slug:part>/", views.result, name="result"),
    path("alerts/", views_alerts.alerts, name="alerts"),
    path("alerts.csv", views_alerts.alerts_csv, name="alerts_csv"),
    path("alerts/<int:pk>/lift/", views_alerts.lift, name="lift"),
    path("key", views.key, name="key"),
    path("test-numbers/", views.test_numbers, name="test_numbers"),
]
