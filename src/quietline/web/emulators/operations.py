"""Make and end accounts of other registers' interfaces. Each is one transaction and leaves its proof in the ledger."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import load_pem_x509_certificate
from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, OperationError
from quietline.web.accounts.api_keys import new_secret, secret_digest
from quietline.web.accounts.changes import check_may_manage, held
from quietline.web.emulators.models import AustralianAccount, EmulatedAct, SingaporeAccount, System
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.acting import acting_for
from quietline.web.sellers.queries import CALLERS

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Organisation, Person

__all__ = [
    "MOST_ACCOUNTS",
    "MOST_NETWORKS",
    "MadeAccount",
    "end_account",
    "make_australian_account",
    "make_singapore_account",
    "read_networks",
    "read_public_key",
]

MOST_ACCOUNTS = 20
"""Accounts that one organisation can have at a time for each interface."""
MOST_NETWORKS = 20
_MOST_PEM = 20_000
_KEY_BITS = (2_048, 8_192)
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True)
class MadeAccount:
    """A new account of the Australian wash with its password, which is never shown again."""

    account: AustralianAccount
    password: str = field(repr=False)


@transaction.atomic
def make_australian_account(
    *, organisation: Organisation, client: str, title: str, is_sandbox: bool, by: Person | None, at: datetime
) -> MadeAccount:
    """Make an account of the Australian wash.

    Args:
        organisation: whose programs use it.
        client: account number of whom it washes for; "" for itself.
        title: what it is for, so that people recognise it.
        is_sandbox: it answers for the test numbers only.
        by: who makes it, None for the platform itself.
        at: now.

    Raises:
        NotProvenError: ``by`` does not manage the organisation; it may not act for the client.
        OperationError: no title, or no organisation that calls.
        ConflictError: there are too many.
    """
    organisation, client = _checked(organisation, client, title, by, at, is_sandbox=is_sandbox)
    _demand_room(AustralianAccount.objects.filter(organisation=organisation, ended_at=None).count())
    password = new_secret()
    account = AustralianAccount.objects.create(
        organisation=organisation, client=client, telemarketer_id=_digits(), wash_only_user_id=_digits(),
        digest=secret_digest(password), title=_plain(title), is_sandbox=is_sandbox, created_by=by, created_at=at,
    )  # fmt: skip
    _prove(EmulatedAct.Act.MADE, System.AUSTRALIA, account, by=by, at=at)
    return MadeAccount(account, password)


@transaction.atomic
def make_singapore_account(
    *, organisation: Organisation, client: str, title: str, public_key: str, networks: str, style: str, is_sandbox: bool,
    by: Person | None, at: datetime,
) -> SingaporeAccount:  # fmt: skip
    """Make an account of Singapore's interface; what is not said here is as for the Australian one.

    Args:
        organisation: whose programs use it.
        client: account number of whom it asks for; "" for itself.
        title: what it is for.
        public_key: of RSA, or a certificate that holds one, as PEM.
        networks: addresses and networks from which it may ask, one a line.
        style: one of :class:`SingaporeAccount.Style`.
        is_sandbox: it answers by the last digit, from no register.
        by: who makes it.
        at: now.

    Raises:
        OperationError: ``key.unusable``, ``network.unreadable``.
    """
    organisation, client = _checked(organisation, client, title, by, at, is_sandbox=is_sandbox)
    _demand_room(SingaporeAccount.objects.filter(organisation=organisation, ended_at=None).count())
    account = SingaporeAccount.objects.create(
        organisation=organisation, client=client, org_code=_code("Q", 9), e_service_id=_code("QLDNC", 9),
        public_key_pem=read_public_key(public_key), networks=read_networks(networks),
        style=SingaporeAccount.Style(style), title=_plain(title), is_sandbox=is_sandbox, created_by=by, created_at=at,
    )  # fmt: skip
    _prove(EmulatedAct.Act.MADE, System.SINGAPORE, account, by=by, at=at)
    return account


@transaction.atomic
def end_account(*, account: AustralianAccount | SingaporeAccount, by: Person | None, at: datetime) -> None:
    """End an account; the next request with it is refused.

    Raises:
        NotProvenError: ``by`` does not manage the organisation.
        ConflictError: it has ended already.
    """
    check_may_manage(by, held(account.organisation))
    system = System.AUSTRALIA if isinstance(account, AustralianAccount) else System.SINGAPORE
    if not type(account).objects.filter(pk=account.pk, ended_at=None).update(ended_at=at):
        raise ConflictError(_("This account has ended already."), code="account.ended")
    _prove(EmulatedAct.Act.ENDED, system, account, by=by, at=at)


def read_public_key(text: str) -> str:
    """Read a public key of RSA, or the one in a certificate; give it as PEM.

    The certificate's dates and issuer do not matter: what counts is that somebody of the organisation handed it in.

    Raises:
        OperationError: ``key.unusable``, it is neither, or shorter than 2,048 bits.
    """
    refusal = OperationError(
        _("This is no public key of RSA with 2,048 bits or more."),
        advice=_("Paste the file that begins with BEGIN PUBLIC KEY or BEGIN CERTIFICATE; never the private key."),
        code="key.unusable",
    )
    data = text.strip().encode("ascii", "replace")
    if len(data) > _MOST_PEM or b"PRIVATE KEY" in data:
        raise refusal
    key: object
    try:
        if b"BEGIN CERTIFICATE" in data:
            key = load_pem_x509_certificate(data).public_key()
        else:
            key = serialization.load_pem_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise refusal from error
    if not isinstance(key, rsa.RSAPublicKey) or not _KEY_BITS[0] <= key.key_size <= _KEY_BITS[1]:
        raise refusal
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(serialization.Encoding.PEM, form).decode("ascii")


def read_networks(text: str) -> list[str]:
    """Read addresses and networks, one a line or with commas between.

    Raises:
        OperationError: ``network.unreadable``, one of them is none, there are none or too many, or one is so wide that the
            list means nothing.
    """
    parts = [part for line in text.splitlines() for part in line.replace(",", " ").split()]
    try:
        found = [ipaddress.ip_network(part) for part in parts]
    except ValueError as error:
        raise _networks_refused() from error
    if not 1 <= len(found) <= MOST_NETWORKS or any(net.prefixlen < (16 if net.version == 4 else 32) for net in found):
        raise _networks_refused()
    return sorted({str(net) for net in found})


def _networks_refused() -> OperationError:
    return OperationError(
        _("These are no addresses from which your programs ask."),
        advice=_("Write one address or network a line, 203.0.113.7 or 203.0.113.0/28, at most 20."),
        code="network.unreadable",
    )


def _checked(
    organisation: Organisation, client: str, title: str, by: Person | None, at: datetime, *, is_sandbox: bool
) -> tuple[Organisation, str]:
    organisation = held(organisation)
    check_may_manage(by, organisation)
    if organisation.kind not in CALLERS:
        raise OperationError(_("Only organisations that call can have such an account."), code="organisation.kind")
    if not _plain(title) or len(_plain(title)) > 80:
        raise OperationError(_("An account needs a title of at most 80 characters."), code="account.title")
    client = client.strip().upper()
    if not is_sandbox:
        behalf = acting_for(organisation, client=client, at=at)
        client = "" if behalf.pk == organisation.pk else behalf.code
    return organisation, "" if is_sandbox else client


def _demand_room(count: int) -> None:
    if count >= MOST_ACCOUNTS:
        raise ConflictError(
            _("There are as many accounts as one organisation can have."), advice=_("End one first."), code="account.many"
        )


def _prove(
    act: EmulatedAct.Act, system: System, account: AustralianAccount | SingaporeAccount, *, by: Person | None, at: datetime
) -> None:  # fmt: skip
    row = EmulatedAct.objects.create(
        act=act, system=system, organisation=account.organisation, account=account.pk, by=by, at=at
    )
    write_leaves("emulator", [row], at=at)


def _digits() -> str:
    """Make eight digits of which the first is none; the table has each once, and a clash in 90 million is an error."""
    return str(10_000_000 + secrets.randbelow(90_000_000))


def _code(prefix: str, length: int) -> str:
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(length))


def _plain(title: str) -> str:
    return " ".join(title.split())
