"""Registers the room with Django."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The room ``accounts``."""

    name = "quietline.web.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Listen to log-ins, wherever they come from."""
        from allauth.account.signals import password_changed, password_reset, password_set
        from allauth.mfa.signals import authenticator_added
        from django.contrib.auth.signals import user_logged_in, user_logged_out

        from quietline.web.accounts import sessions

        user_logged_in.connect(sessions.on_logged_in, dispatch_uid="quietline.accounts")
        user_logged_out.connect(sessions.on_logged_out, dispatch_uid="quietline.accounts")
        for signal in (password_changed, password_reset, password_set):
            signal.connect(sessions.on_password_changed, dispatch_uid="quietline.accounts")
        authenticator_added.connect(sessions.on_authenticator_added, dispatch_uid="quietline.accounts")
