"""Addresses of this room. They hold account numbers, references and numbers of bills, and nothing about a person."""

from __future__ import annotations

from django.urls import path

from quietline.web.subscriptions import views, views_books, views_gateway

app_name = "subscriptions"
_OURS = "organisation/<str:code>"
urlpatterns = [
    path(f"{_OURS}/", views.home, name="home"),
    path(f"{_OURS}/orders.csv", views.orders_csv, name="orders_csv"),
    path(f"{_OURS}/list-size/", views.list_size, name="list_size"),
    path(f"{_OURS}/orders/<str:reference>/", views.order, name="order"),
    path(f"{_OURS}/orders/<str:reference>/cancel/", views.cancel, name="cancel"),
    path(f"{_OURS}/orders/<str:reference>/card/", views_gateway.card, name="card"),
    path(f"{_OURS}/bills/<str:number>/<str:language>/", views.bill, name="bill"),
    path(f"{_OURS}/areas/<str:country>/", views.choose, name="choose"),
    path(f"{_OURS}/areas/<str:country>/price/", views.price, name="price"),
    path(f"{_OURS}/areas/<str:country>/areas.csv", views.areas_csv, name="areas_csv"),
    path("authority/", views_books.books, name="books"),
    path("authority/orders.csv", views_books.all_orders_csv, name="all_orders_csv"),
    path("authority/journal.csv", views_books.journal_csv, name="journal_csv"),
    path("authority/payments/", views_books.payments, name="payments"),
    path("authority/payments/<int:pk>/", views_books.payment, name="payment"),
    path("authority/bills/<str:number>/<str:language>/", views_books.any_bill, name="any_bill"),
    path("card/notice/", views_gateway.card_notice, name="card_notice"),
    path("sandbox/", views_gateway.sandbox, name="sandbox"),
]
