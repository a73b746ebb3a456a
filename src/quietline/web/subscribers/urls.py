"""Addresses of the public pages. None holds a number: what a page is about stands in the browser's proof of the line."""

from __future__ import annotations

from django.urls import path

from quietline.web.subscribers import telephone, views, views_claims, views_heard, views_helpers

app_name = "subscribers"
urlpatterns = [
    path("", views.status, name="status"),
    path("list/", views.list_numbers, name="list"),
    path("list/by-mail/", views.list_by_mail, name="by_mail"),
    path("list/by-mail/<uuid:batch>/<str:token>/", views.confirm_mail, name="confirm_mail"),
    path("prove/", views.prove, name="prove"),
    path("prove/heard/", views_heard.heard, name="heard"),
    path("code/<uuid:challenge_id>/", views.code, name="code"),
    path("codes/<uuid:batch>/", views.codes, name="codes"),
    path("terms/", views.terms, name="terms"),
    path("withdraw/", views.withdraw_entry, name="withdraw"),
    path("certificate/", views.certificate, name="certificate"),
    path("from-a-telephone/", telephone.from_telephone, name="inbound"),
    path("helpers/", views_helpers.helpers, name="helpers"),
    path("helpers/<int:pk>/end/", views_helpers.end_helper, name="end_helper"),
    path("helpers/<int:pk>/", views_helpers.helping, name="helping"),
    path("leave/", views.leave, name="leave"),
    path("consents/", views_claims.claims, name="claims"),
    path("consents/<int:entry_id>/revoke/", views_claims.revoke, name="revoke"),
    path("consents/<int:entry_id>/contest/", views_claims.contest, name="contest"),
    path("consents/revoke-all/", views_claims.revoke_everything, name="revoke_all"),
    path("firms/", views_claims.firms, name="firms"),
    path("who-asked/", views_claims.who_asked, name="who_asked"),
]
