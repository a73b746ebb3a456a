"""Addresses of the staff's pages on reports and clusters. None holds a number: one is looked for by a form."""

from __future__ import annotations

from django.urls import path

from quietline.web.complaints import views_clusters, views_facts, views_files, views_staff

app_name = "triage"
urlpatterns = [
    path("", views_staff.queue, name="queue"),
    path("reports.csv", views_staff.queue_csv, name="queue_csv"),
    path("reports/<slug:reference>/", views_staff.one, name="one"),
    path("reports/<slug:reference>/facts/", views_staff.join_again, name="join_again"),
    path("reports/<slug:reference>/facts/<slug:name>/", views_facts.establish, name="establish"),
    path("reports/<slug:reference>/look/", views_staff.look, name="look"),
    path("reports/<slug:reference>/files/<int:pk>/", views_staff.attachment, name="attachment"),
    path("clusters/", views_clusters.clusters, name="clusters"),
    path("clusters.csv", views_clusters.clusters_csv, name="clusters_csv"),
    path("clusters/<int:pk>/", views_clusters.cluster, name="cluster"),
    path("clusters/<int:pk>/reports.csv", views_clusters.cluster_csv, name="cluster_csv"),
    path("clusters/<int:pk>/<slug:act>/", views_clusters.decide, name="decide"),
    path("number/", views_clusters.number, name="number"),
    path("files/", views_files.files, name="files"),
    path("files/<int:pk>/", views_files.quality, name="quality"),
    path("files/<int:pk>/quality.csv", views_files.quality_csv, name="quality_csv"),
    path("files/<int:pk>/quality.json", views_files.quality_json, name="quality_json"),
]
