"""Singapore's real-time interface: who signed a request, and what stands in its three registers.

The base string ``orgCode=...&eServiceId=...&timestamp=...`` is signed with RSA (PKCS #1 v1.5, RFC 8017) and SHA-256; the
signature in base64 is the last field of the header. The timestamp, milliseconds since 1970, must be higher than that of
every earlier request, and within five minutes of our clock. Numbers have eight figures and begin with 3, 6, 8 or 9.

Codes: S000 done; S101 a number or the form of the request, S102 their total or on whose behalf, S405 no JSON; S301 nothing
left of what was paid; S401 unknown account, S402 signature, S404 address, or an organisation that may not ask; S403
timestamp; S501 anything here, and a register that this installation does not keep. Source: specification of the interface,
version 1.1, as integrators report it; which of several codes of a kind stands for what is not published, and is our reading.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.db.models import Q

from quietline.errors import NotProvenError, OperationError, TooManyError, UsageError
from quietline.law import reliance
from quietline.numbering import Status, parse_column
from quietline.web.emulators.answering import NoSubscriptionError, check_account, client_of, record_answer, wash
from quietline.web.emulators.models import SingaporeAccount, System
from quietline.web.emulators.standing import listed, register_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

__all__ = ["MOST_NUMBERS", "WINDOW", "Checked", "SingaporeError", "base_string", "check", "open_account", "read_request"]

MOST_NUMBERS = 100
"""Most numbers of one request."""
WINDOW = timedelta(minutes=5)
"""How far a timestamp may be from our clock."""
_COUNTRY, _CODE = "SG", 65
_CLOCK = timezone(timedelta(hours=8))
_NUMBER = re.compile(r"[3689][0-9]{7}")
_HEADER = re.compile(
    r"orgCode=([A-Za-z0-9]{1,32})&eServiceId=([A-Za-z0-9_-]{1,32})&timestamp=([0-9]{1,15})&appSignature=([A-Za-z0-9+/=_%-]{1,2048})"
)
_SANDBOX = {"1": "RNN", "2": "NRN", "3": "RRR", "4": "NNR"}
"""What an account for tests answers for numbers that end in a figure: voice, text, fax; R on the register, N not."""


class SingaporeError(OperationError):
    """A request is refused; ``code`` is what is answered, ``places`` are those of numbers that are none, from 0."""

    def __init__(self, message: str, *, code: str, places: Sequence[int] = ()) -> None:
        super().__init__(message, code=code)
        self.places = tuple(places)


@dataclass(frozen=True, slots=True)
class Checked:
    """What is answered.

    Attributes:
        numbers: as they were asked.
        signs: for each: voice, text and fax, ``R`` where it stands in that register and ``N`` where not.
        transaction: number of the wash, or of the answer where nothing was washed.
        at: when, on Singapore's clock.
        until: last day on which the answer may be relied on.
    """

    numbers: tuple[str, ...]
    signs: tuple[str, ...]
    transaction: str
    at: datetime
    until: date


def base_string(org_code: str, e_service_id: str, timestamp: int | str) -> str:
    """Give what is signed."""
    return f"orgCode={org_code}&eServiceId={e_service_id}&timestamp={timestamp}"


def open_account(header: str, *, address: str, at: datetime) -> SingaporeAccount:
    """Find the account that a header was signed for; its timestamp cannot be used again.

    Args:
        header: ``Authorization``, as it came.
        address: of the client.
        at: now.

    Raises:
        SingaporeError: S401 to S404.
    """
    match = _HEADER.fullmatch(header.strip())
    account = None
    if match is not None:
        found = SingaporeAccount.objects.filter(org_code=match[1], e_service_id=match[2], ended_at=None)
        account = found.select_related("organisation").first()
    if match is None or account is None:
        raise SingaporeError("The Authorization header names no account.", code="S401")
    if not _comes_from(address, account.networks):
        raise SingaporeError("The account does not allow requests from this address.", code="S404")
    if not _is_signed(account, base_string(*match.groups()[:3]), match[4]):
        raise SingaporeError("The signature does not fit the account's key and the other fields.", code="S402")
    timestamp, now_ms = int(match[3]), int(at.timestamp() * 1000)
    is_near = abs(timestamp - now_ms) <= WINDOW.total_seconds() * 1000
    # one statement, so that of two requests with the same timestamp one is refused
    higher = SingaporeAccount.objects.filter(pk=account.pk, last_timestamp__lt=timestamp)
    if not is_near or not higher.update(last_timestamp=timestamp):
        raise SingaporeError("The timestamp is not higher than the last one, or far from the time it is.", code="S403")
    hour = at.replace(minute=0, second=0, microsecond=0)
    unused = Q(last_used_at=None) | Q(last_used_at__lt=hour)
    SingaporeAccount.objects.filter(unused, pk=account.pk).update(last_used_at=hour)
    return account


def read_request(body: Any, account: SingaporeAccount) -> tuple[str, ...]:
    """Read the numbers of a request.

    Args:
        body: as JSON has it.
        account: that asks.

    Raises:
        SingaporeError: S101, S102.
    """
    numbers = body.get("numbers") if isinstance(body, dict) else None
    if not isinstance(numbers, list) or not all(isinstance(number, str) for number in numbers):
        raise SingaporeError("'numbers' is a list of texts.", code="S101")
    if not 1 <= len(numbers) <= MOST_NUMBERS or body.get("total") != len(numbers) or isinstance(body["total"], bool):
        raise SingaporeError(f"'total' is the count of numbers, 1 to {MOST_NUMBERS}.", code="S102")
    if body.get("checkOnBehalf") != ("Y" if account.client else "N"):
        raise SingaporeError("'checkOnBehalf' is Y for an account that asks for a client, else N.", code="S102")
    wrong = [place for place, number in enumerate(numbers) if not _NUMBER.fullmatch(number)]
    if wrong:
        raise SingaporeError("A number has eight figures and begins with 3, 6, 8 or 9.", code="S101", places=wrong)
    return tuple(numbers)


def check(account: SingaporeAccount, numbers: Sequence[str], *, at: datetime) -> Checked:
    """Say in which of the three registers numbers stand.

    Args:
        account: that asks.
        numbers: as :func:`read_request` gives them.
        at: now.

    Raises:
        SingaporeError: S301, S404, S501. Without a register of Singapore nothing is answered: a number that nobody can look
            up is not free.
        TooManyError: ``probing.slowed``.
    """
    organisation, wash_set = account.organisation, None
    try:
        check_account(organisation, client=account.client, is_sandbox=account.is_sandbox, at=at)
        if account.is_sandbox:
            signs = [_SANDBOX.get(number[-1], "NNN") for number in numbers]
        else:
            register_of(_COUNTRY)
            client_of(organisation, client=account.client, country=_COUNTRY, at=at)
            wash_set = wash(_valid(numbers), organisation=organisation, client=account.client, country=_COUNTRY, at=at)
            signs = _signs(numbers, at)
    except NoSubscriptionError as error:
        raise SingaporeError("There is no subscription to this register that runs today.", code="S301") from error
    except NotProvenError as error:
        raise SingaporeError(f"{error.message} {error.advice}".strip(), code="S404") from error
    except TooManyError as error:
        if error.code != "quota.over":
            raise
        raise SingaporeError("More numbers were asked than were paid for.", code="S301") from error
    except (OperationError, UsageError) as error:
        raise SingaporeError(f"{error.message} {error.advice}".strip(), code="S501") from error
    there = at.astimezone(_CLOCK)
    until = reliance(_COUNTRY, there.date()).until
    if account.is_sandbox:
        return Checked(tuple(numbers), tuple(signs), f"T{int(at.timestamp() * 1000)}", there, until)
    row = record_answer(System.SINGAPORE, organisation=organisation, wash_set=wash_set, signs=signs, at=at)
    return Checked(tuple(numbers), tuple(signs), f"W{wash_set}" if wash_set else f"A{row.pk}", there, until)


def _valid(numbers: Sequence[str]) -> list[str]:
    """Give the numbers that the numbering plan has; the others cost nothing, and can still be looked up."""
    raws = [f"+{_CODE}{number}" for number in numbers]
    statuses = parse_column(raws, country=_COUNTRY).statuses.tolist()
    return [raw for raw, status in zip(raws, statuses, strict=True) if status == Status.OK]


def _signs(numbers: Sequence[str], at: datetime) -> list[str]:
    found = listed([int(f"{_CODE}{number}") for number in numbers], country=_COUNTRY, at=at)
    columns = [found.channels[channel].tolist() for channel in ("voice", "text", "fax")]
    return ["".join("R" if hit else "N" for hit in hits) for hits in zip(*columns, strict=True)]


def _comes_from(address: str, networks: Sequence[str]) -> bool:
    here = ipaddress.ip_address(address)
    return any(here in ipaddress.ip_network(network) for network in networks)


def _is_signed(account: SingaporeAccount, signed: str, signature: str) -> bool:
    key = load_pem_public_key(account.public_key_pem.encode("ascii"))
    assert isinstance(key, rsa.RSAPublicKey)  # noqa: S101 - no other is stored
    try:
        raw = base64.b64decode(signature.replace("%2B", "+").replace("%2F", "/").replace("%3D", "="), validate=True)
        key.verify(raw, signed.encode("ascii"), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
