"""Addresses of this room. None holds a telephone number or anything personal; organisations stand by account number."""

from __future__ import annotations

from django.urls import path

from quietline.web.sellers import views, views_calling, views_entering, views_joining, views_staff

app_name = "sellers"
urlpatterns = [
    path("", views_joining.start, name="start"),
    path("join/", views_joining.join, name="join"),
    path("join/<uuid:challenge>/<str:token>/", views_joining.confirm, name="confirm"),
    path("who/", views_joining.who, name="who"),
    path("who/<str:code>/", views_joining.who_is, name="who_is"),
    path("home/", views.home, name="home"),
    path("of/<str:code>/", views.desk, name="desk"),
    path("of/<str:code>/profile/", views.profile, name="profile"),
    path("of/<str:code>/proofs/", views.proofs, name="proofs"),
    path("of/<str:code>/proofs/<int:pk>/", views.proof, name="proof"),
    path("of/<str:code>/proofs/<int:pk>/remove/", views.remove_proof, name="remove_proof"),
    path("of/<str:code>/certify/", views.certify, name="certify"),
    path("of/<str:code>/send/", views.send, name="send"),
    path("of/<str:code>/mandates/", views_calling.mandates, name="mandates"),
    path("of/<str:code>/mandates.csv", views_calling.mandates_csv, name="mandates_csv"),
    path("of/<str:code>/mandates/<int:pk>/accept/", views_calling.accept_mandate, name="accept_mandate"),
    path("of/<str:code>/mandates/<int:pk>/end/", views_calling.end_mandate, name="end_mandate"),
    path("of/<str:code>/numbers/", views_calling.numbers, name="numbers"),
    path("of/<str:code>/numbers.csv", views_calling.numbers_csv, name="numbers_csv"),
    path("of/<str:code>/numbers/<int:pk>/end/", views_calling.end_numbers, name="end_numbers"),
    path("of/<str:code>/asked/", views_calling.asked, name="asked"),
    path("of/<str:code>/asked.csv", views_calling.asked_csv, name="asked_csv"),
    path("of/<str:code>/asked/<int:pk>/", views_calling.answer, name="answer"),
    path("office/", views_staff.queue, name="queue"),
    path("office/organisations.csv", views_staff.queue_csv, name="queue_csv"),
    path("office/bars/", views_staff.bars, name="bars"),
    path("office/bars/<int:pk>/lift/", views_staff.lift_bar, name="lift_bar"),
    path("office/enter/", views_entering.enter, name="enter"),
    path("office/<str:code>/", views_staff.case, name="case"),
    path("office/<str:code>/proofs/<int:pk>/", views_staff.case_proof, name="case_proof"),
    path("office/<str:code>/invite/", views_entering.invite, name="invite"),
    path("office/<str:code>/suspend/", views_staff.suspend, name="suspend"),
    path("office/<str:code>/reinstate/", views_staff.reinstate, name="reinstate"),
]
