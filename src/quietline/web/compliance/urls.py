"""Addresses of this room."""

from __future__ import annotations

from django.urls import path

from quietline.web.compliance import audit_views, views

app_name = "compliance"
_AUDIT = "of/<str:code>/audits/<uuid:audit_id>/"
urlpatterns = [
    path("of/<str:code>/", views.home, name="home"),
    path("of/<str:code>/duties.csv", views.duties_csv, name="duties_csv"),
    path("of/<str:code>/file/", views.file, name="file"),
    path("of/<str:code>/file.pdf", views.file_pdf, name="file_pdf"),
    path("of/<str:code>/audits/", audit_views.audits, name="audits"),
    path("of/<str:code>/audits.csv", audit_views.audits_csv, name="audits_csv"),
    path("of/<str:code>/audits/new/", audit_views.new_audit, name="new_audit"),
    path(_AUDIT, audit_views.audit, name="audit"),
    path(f"{_AUDIT}report.pdf", audit_views.audit_pdf, name="audit_pdf"),
    path(f"{_AUDIT}rules.csv", audit_views.audit_rules_csv, name="audit_rules_csv"),
    path(f"{_AUDIT}remove/", audit_views.remove, name="remove_audit"),
    path(f"{_AUDIT}part/<slug:part>/", audit_views.audit_part, name="audit_part"),
]
