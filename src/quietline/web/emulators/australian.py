"""The Australian wash: what its three operations do, and the states of a wash.

::

    new -> submitted -> finished
              |  ^
              v  |        GetWashResult, 30 seconds later at the earliest, takes a wash up that nobody answered
           timed_out

Each call is answered by a system code: 0 done, 1 something is missing or no figure, 2 no such reference, 3 no such account,
or one that may not wash, 4 no subscription (WashNumbers) or not finished (GetWashResult), 5 too many numbers for what was
paid. Each number by a sign: ``Y`` it stands in the register, ``N`` it does not, ``I`` it is none of Australia. Source: ACMA,
Do Not Call Register, SOAP fact sheet. Unlike there, invalid and repeated numbers cost nothing, and a reference that is sent
again with the same numbers gives the same answer.
"""

from __future__ import annotations

import hmac
import json
import re
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from quietline.errors import ConflictError, NotProvenError, OperationError, TooManyError, UsageError
from quietline.numbering import Status, parse_column
from quietline.web.accounts.api_keys import secret_digest
from quietline.web.emulators.answering import NoSubscriptionError, check_account, client_of, record_answer, wash
from quietline.web.emulators.models import AustralianAccount, AustralianWash, System
from quietline.web.emulators.standing import listed, register_of
from quietline.web.keeping.data_keys import destroy_keys, draw_key, opened_key
from quietline.web.keeping.rings import key_ring
from quietline.web.publishing.areas import area_of
from quietline.web.washing.quotas import quota_of
from quietline.web.washing.sandbox import SandboxOutcome, outcome_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from quietline.vault import DataKey as OpenKey

__all__ = [
    "KEPT_FOR",
    "MOST_NUMBERS",
    "MOST_REFERENCE",
    "SANDBOX_BALANCE",
    "TIME_OUT",
    "Answer",
    "account_balance",
    "forget_results",
    "open_account",
    "submit",
    "wash_numbers",
    "wash_result",
]

MOST_NUMBERS = 500
"""Most numbers of one call."""
MOST_REFERENCE = 64
"""Most characters of a reference."""
KEPT_FOR = timedelta(days=30)
"""How long results can be fetched, and a wash may be relied on."""
TIME_OUT = timedelta(seconds=30)
"""How long one waits before asking for a result; a wash that has not come to an end by then is taken up again."""
SANDBOX_BALANCE = 1_000_000
"""Numbers left on an account for tests, which none are taken from."""
_COUNTRY, _AREA = "AU", "61"
_ACCEPTED = re.compile(r"[0-9()\- ]{1,40}")
_NOBODY = secret_digest("")
_ON_REGISTER = frozenset(
    (SandboxOutcome.REGISTERED, SandboxOutcome.GRACE, SandboxOutcome.CONSENT, SandboxOutcome.SIGNED_CONSENT,
     SandboxOutcome.CONTESTED_CONSENT, SandboxOutcome.CUSTOMER, SandboxOutcome.INQUIRY)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered.

    Attributes:
        code: the system code.
        results: each number as it was handed in, and its sign; empty unless the code is 0.
        balance: numbers that may still be asked about; None where that was not the question.
    """

    code: int
    results: tuple[tuple[str, str], ...] = ()
    balance: int | None = None


# -- the three operations ----------------------------------------------------------------------------------------------


def open_account(telemarketer_id: str, wash_only_user_id: str, password: str, *, at: datetime) -> AustralianAccount | int:
    """Find the account that credentials open, or give the system code of the refusal.

    Args:
        telemarketer_id: figures.
        wash_only_user_id: of the account, or empty.
        password: as it was shown once.
        at: now.
    """
    if not password or not telemarketer_id.isascii() or not telemarketer_id.isdigit() or len(password) > 200:
        return 1
    account = (
        AustralianAccount.objects.filter(telemarketer_id=telemarketer_id[:9], ended_at=None)
        .select_related("organisation")
        .first()
    )
    fits = hmac.compare_digest(secret_digest(password), _NOBODY if account is None else bytes(account.digest))
    if account is None or not fits or wash_only_user_id not in ("", account.wash_only_user_id):
        return 3
    hour = at.replace(minute=0, second=0, microsecond=0)
    unused = Q(last_used_at=None) | Q(last_used_at__lt=hour)
    AustralianAccount.objects.filter(unused, pk=account.pk).update(last_used_at=hour)
    return account


def account_balance(account: AustralianAccount, *, at: datetime) -> Answer:
    """Say how many more distinct numbers can be asked about in the subscription year."""
    try:
        check_account(account.organisation, client=account.client, is_sandbox=account.is_sandbox, at=at)
        if account.is_sandbox:
            return Answer(0, balance=SANDBOX_BALANCE)
        behalf = client_of(account.organisation, client=account.client, country=_COUNTRY, at=at)
    except NoSubscriptionError:
        return Answer(0, balance=0)
    except NotProvenError:
        return Answer(3)
    quota = quota_of(behalf, at=at)
    return Answer(0, balance=max(0, quota.allowed - quota.asked))


def wash_numbers(account: AustralianAccount, *, reference: str, raws: Sequence[str], at: datetime) -> Answer:
    """Wash numbers.

    Args:
        account: who asks.
        reference: the organisation's own, used once.
        raws: the numbers as they came.
        at: now.

    Raises:
        UsageError: too many numbers, or too long a reference.
        ConflictError: ``wash.reference``, it was used for other numbers; ``wash.running``, its wash has not come to an end.
        TooManyError: ``probing.slowed``.
        OperationError: ``register.none``; ``wash.time-out``, its result can be asked for later.
    """
    if len(raws) > MOST_NUMBERS or len(reference) > MOST_REFERENCE:
        raise UsageError(f"A call has at most {MOST_NUMBERS} numbers, a reference at most {MOST_REFERENCE} characters.")
    refused = _refusal(account, at) if reference and raws else 1
    if refused:
        return Answer(refused)
    row, is_new = submit(account, reference=reference, raws=raws, at=at)
    if not is_new:
        return _again(row, account, raws, at)
    return _run(row, raws, at)


def _refusal(account: AustralianAccount, at: datetime) -> int:
    """Give the system code with which numbers of an account are refused now; 0 where they are taken."""
    try:
        check_account(account.organisation, client=account.client, is_sandbox=account.is_sandbox, at=at)
        if not account.is_sandbox:
            register_of(_COUNTRY)
            client_of(account.organisation, client=account.client, country=_COUNTRY, at=at)
    except NoSubscriptionError:
        return 4
    except NotProvenError:
        return 3
    return 0


def wash_result(account: AustralianAccount, *, reference: str, at: datetime) -> Answer:
    """Give the result of a wash; one that timed out is taken up again, once 30 seconds have passed.

    Raises:
        TooManyError: ``probing.slowed``.
    """
    if not reference:
        return Answer(1)
    try:
        check_account(account.organisation, client=account.client, is_sandbox=account.is_sandbox, at=at)
    except NotProvenError:
        return Answer(3)
    row = _find(account, reference, at)
    if row is None:
        return Answer(2)
    return _finished(row) if row.state == AustralianWash.State.FINISHED else _recovered(row, at)


def _recovered(row: AustralianWash, at: datetime) -> Answer:
    """Answer of a wash that has not come to an end: wait, or take it up."""
    if row.started_at > at - TIME_OUT or not _take(row, at):
        return Answer(4)
    raws = json.loads(_key(row).open(bytes(row.asked or b""), "asked"))
    try:
        answer = _run(row, raws, at)
    except TooManyError:
        raise
    except OperationError:
        return Answer(4)
    return Answer(2) if answer.code in (4, 5) else answer  # nothing was washed, and the reference is free again


# -- the states ---------------------------------------------------------------------------------------------------------


def submit(
    account: AustralianAccount, *, reference: str, raws: Sequence[str], at: datetime
) -> tuple[AustralianWash, bool]:  # fmt: skip
    """Write a wash down before it is made, so that its result can be asked for whatever happens; say whether it is new."""
    pk = uuid.uuid4()
    key = draw_key(_record(pk))
    sealed = key.opened.seal(json.dumps(list(raws)).encode(), "asked")
    try:
        with transaction.atomic():
            return AustralianWash.objects.create(
                id=pk, organisation=account.organisation, client=account.client, reference=reference,
                is_sandbox=account.is_sandbox, state=AustralianWash.State.SUBMITTED, question_hash=_hash(account, raws),
                numbers_count=len(raws), asked=sealed, data_key=key.keep(at=at), attempts=1, created_at=at, started_at=at,
                results_until=at + KEPT_FOR,
            ), True  # fmt: skip
    except IntegrityError:
        return _under(account, reference).select_related("data_key").get(), False


def _again(row: AustralianWash, account: AustralianAccount, raws: Sequence[str], at: datetime) -> Answer:
    """Answer numbers that were handed in under a reference that has been used."""
    if bytes(row.question_hash) != _hash(account, raws) or not _can_be_read(row, at):
        raise ConflictError(
            "This ClientReferenceId was used for another wash.", advice="Give each wash one of its own.",
            code="wash.reference",
        )  # fmt: skip
    if row.state == AustralianWash.State.FINISHED:
        return _finished(row)
    raise ConflictError(
        "The wash under this ClientReferenceId has not come to an end.",
        advice="Ask for its result with GetWashResult; do not hand the numbers in again.",
        code="wash.running",
    )


def _run(row: AustralianWash, raws: Sequence[str], at: datetime) -> Answer:
    """Make a wash that this process has taken, and finish it, time out, or let its reference go."""
    try:
        signs, wash_set = (_of_table(row, raws), None) if row.is_sandbox else _washed(row, raws, at)
    except NoSubscriptionError:
        _let_go(row, at)
        return Answer(4)
    except NotProvenError:
        _let_go(row, at)
        return Answer(3)
    except TooManyError as error:
        _let_go(row, at)
        if error.code != "quota.over":
            raise
        return Answer(5)
    except OperationError as error:
        mine = AustralianWash.objects.filter(pk=row.pk, attempts=row.attempts)
        mine.update(state=AustralianWash.State.TIMED_OUT, started_at=at)
        raise OperationError(
            "The wash timed out.",
            advice="Wait 30 seconds, then ask for its result with GetWashResult.",
            code="wash.time-out",
        ) from error
    return _finish(row, raws, signs, wash_set, at)


def _washed(row: AustralianWash, raws: Sequence[str], at: datetime) -> tuple[list[str], int | None]:
    client_of(row.organisation, client=row.client, country=_COUNTRY, at=at)
    keys = _keys(raws)
    valid = [raw for raw, key in zip(raws, keys, strict=True) if key]
    number = wash(
        valid, organisation=row.organisation, client=row.client, country=_COUNTRY, reference=f"emulators.{row.pk}", at=at
    )
    hits = listed(keys, country=_COUNTRY, at=at).hits.tolist()
    return [("Y" if hit else "N") if key else "I" for key, hit in zip(keys, hits, strict=True)], number


def _of_table(row: AustralianWash, raws: Sequence[str]) -> list[str]:
    """Answer an account for tests from the table of test numbers; one of them times out the first time."""
    outcomes = [outcome_of(key) if key else None for key in _keys(raws)]
    if SandboxOutcome.TIME_OUT in outcomes and row.attempts == 1:
        raise OperationError("The wash timed out.", code="wash.time-out")
    return ["I" if outcome is None else "Y" if outcome in _ON_REGISTER else "N" for outcome in outcomes]


def _keys(raws: Sequence[str]) -> list[int]:
    """Give the keys of Australian numbers; 0 for everything that is none, or has signs that are not accepted."""
    numbers = parse_column([raw if _ACCEPTED.fullmatch(raw) else "" for raw in raws], country=_COUNTRY)
    return [
        key if status == Status.OK and area_of(key) == _AREA else 0
        for key, status in zip(numbers.keys.tolist(), numbers.statuses.tolist(), strict=True)
    ]


def _finish(
    row: AustralianWash, raws: Sequence[str], signs: Sequence[str], wash_set: int | None, at: datetime
) -> Answer:  # fmt: skip
    sealed = _key(row).seal("".join(signs).encode(), "results")
    with transaction.atomic():
        mine = AustralianWash.objects.filter(
            pk=row.pk, attempts=row.attempts, state=AustralianWash.State.SUBMITTED
        )  # fmt: skip
        if mine.update(state=AustralianWash.State.FINISHED, results=sealed, ended_at=at) and not row.is_sandbox:
            record_answer(System.AUSTRALIA, organisation=row.organisation, wash_set=wash_set, signs=signs, at=at)
    return Answer(0, tuple(zip(raws, signs, strict=True)))


def _finished(row: AustralianWash) -> Answer:
    key = _key(row)
    raws = json.loads(key.open(bytes(row.asked or b""), "asked"))
    signs = key.open(bytes(row.results or b""), "results").decode()
    return Answer(0, tuple(zip(raws, signs, strict=True)))


def _take(row: AustralianWash, at: datetime) -> bool:
    """Take a wash up that nobody has brought to an end; false where another was quicker."""
    mine = AustralianWash.objects.filter(pk=row.pk, attempts=row.attempts).exclude(state=AustralianWash.State.FINISHED)
    taken = mine.update(attempts=F("attempts") + 1, state=AustralianWash.State.SUBMITTED, started_at=at)
    row.attempts += 1
    return bool(taken)


def _let_go(row: AustralianWash, at: datetime) -> None:
    """Forget a wash that was refused: nothing was washed, and its reference can be used."""
    with transaction.atomic():
        if AustralianWash.objects.filter(pk=row.pk, attempts=row.attempts).delete()[0]:
            destroy_keys([row.data_key_id], at=at)


def forget_results(*, at: datetime) -> int:
    """Destroy numbers and results whose 30 days are over; give how many washes that were. References stay used."""
    rows = AustralianWash.objects.filter(results_until__lte=at, asked__isnull=False)
    over = list(rows.values_list("pk", "data_key")[:1_000])
    with transaction.atomic():
        destroy_keys([key for _pk, key in over], at=at)
        AustralianWash.objects.filter(pk__in=[pk for pk, _key in over]).update(asked=None, results=None)
    return len(over)


# -- finding, opening ---------------------------------------------------------------------------------------------------


def _find(account: AustralianAccount, reference: str, at: datetime) -> AustralianWash | None:
    row = _under(account, reference).select_related("data_key", "organisation").first()
    return row if row is not None and _can_be_read(row, at) else None


def _under(account: AustralianAccount, reference: str) -> QuerySet[AustralianWash]:
    return AustralianWash.objects.filter(
        organisation=account.organisation, is_sandbox=account.is_sandbox, reference=reference
    )  # fmt: skip


def _can_be_read(row: AustralianWash, at: datetime) -> bool:
    return at < row.results_until and row.asked is not None


def _key(row: AustralianWash) -> OpenKey:
    return opened_key(row.data_key, _record(row.pk))


def _record(pk: object) -> str:
    return f"emulators.wash:{pk}"


def _hash(account: AustralianAccount, raws: Sequence[str]) -> bytes:
    return key_ring().keyed_hash("emulators.question", json.dumps([account.client, *raws]).encode(), 32)
