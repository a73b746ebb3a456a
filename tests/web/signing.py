"""Browsers of the tests, in which somebody is signed in."""

from __future__ import annotations

from django.test import Client


def open_browser(person=None, *, second_factor=False, language="en"):
    """A browser, in which a person is signed in where one is given; staff with a second factor."""
    client = Client(headers={"accept-language": language})
    if person is not None:
        client.force_login(person)
    if second_factor:
        show_second_factor(client, person)
    return client


def show_second_factor(client, person):
    """Put into a browser's session what setting up a second factor there leaves in it."""
    from quietline.web.accounts.sessions import mark_second_factor

    session = client.session
    mark_second_factor(session, person)
    session.save()
