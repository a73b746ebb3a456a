"""Second factors at rest: sealed with the secret key, sealed anew when it changes, taken away when they are lost."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import transaction

from quietline.web.accounts.changes import prove
from quietline.web.accounts.models import Organisation, RoleChange
from quietline.web.accounts.operations import end_sessions
from quietline.web.base.logs import log

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Person

__all__ = ["cipher", "reset_second_factor", "seal_anew"]

_SEALED = ("secret", "seed")  # of authenticator apps, and of recovery codes


def cipher() -> MultiFernet:
    """Give what seals with the secret key, and opens what it or a retired one sealed."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key))) for key in keys])


@transaction.atomic
def reset_second_factor(*, person: Person, at: datetime) -> int:
    """Take all second factors from a person who has lost them, and end all sessions; give how many there were.

    Whoever signs in next with the password sets up a new one; staff cannot do anything before. Who could do so without the
    person would act under their name, so the ledger has it for each organisation in which the person has a role. The log
    names the person by number only.

    Args:
        person: whose; that it is really them who asks is for the caller to see to.
        at: now.
    """
    taken: int = Authenticator.objects.filter(user=person).delete()[0]
    end_sessions(person=person, at=at)
    for organisation in Organisation.objects.filter(memberships__person=person, memberships__ended_at=None).distinct():
        prove(RoleChange.Act.FACTOR_RESET, organisation, person=person, by=None, at=at)
    log("accounts").warning("second factor reset", person=person.pk, count=taken)
    return taken


def seal_anew() -> tuple[int, int]:
    """Seal everything with the present secret key, so that retired ones can go.

    May be done any number of times, while people sign in.

    Returns:
        how many were sealed anew, and how many neither the key nor a retired one opens.
    """
    done = lost = 0
    keys = cipher()
    for pk in list(Authenticator.objects.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            sealed = {name: row.data[name] for name in _SEALED if row.data.get(name)} if row is not None else {}
            if row is None or not sealed:
                continue  # a passkey shares no secret with us
            try:
                row.data |= {name: keys.rotate(text.encode()).decode() for name, text in sealed.items()}
            except InvalidToken:
                lost += 1
                continue
            row.save(update_fields=["data"])
            done += 1
    return done, lost


def _derived(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"quietline accounts second factor").derive(secret.encode())
