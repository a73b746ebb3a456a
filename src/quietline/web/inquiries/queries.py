"""Ask for inquiries: those that are open, of a case, of an office, and what stands in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from quietline.web.inquiries.models import Answer, Inquiry, InquiryAct
from quietline.web.inquiries.sealing import name_of
from quietline.web.inquiries.states import OPEN
from quietline.web.keeping.data_keys import opened_key
from quietline.web.keeping.sealed_content import open_content

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from quietline.web.accounts.models import Organisation

__all__ = [
    "Asked",
    "Attached",
    "Said",
    "answered",
    "asked_in",
    "count_open",
    "inbox",
    "of_office",
    "of_subject",
    "open_for",
    "overdue",
    "reason_of",
    "said_in",
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an inquiry holds, opened.

    Attributes:
        matter: as :data:`~quietline.web.inquiries.kinds.KINDS` has it for the kind.
        words: in words.
    """

    matter: dict[str, Any]
    words: str


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of an answer: its row's id, name, type, size in bytes and SHA-256."""

    pk: int
    name: str
    media_type: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer holds, opened."""

    values: dict[str, Any]
    words: str
    files: tuple[Attached, ...]


def inbox(organisation: Organisation) -> QuerySet[Inquiry]:
    """Give everything that an organisation was ever asked, the newest first."""
    return Inquiry.objects.filter(to=organisation).select_related("data_key", "to", "office").order_by("-pk")


def open_for(organisation: Organisation, at: datetime) -> QuerySet[Inquiry]:
    """Give what an organisation still has to answer as of ``at``: overdue first, then by the time that is left."""
    return inbox(organisation).filter(state__in=OPEN, sent_at__lte=at).order_by("due_at", "pk")


def count_open(organisation: Organisation) -> int:
    """Count what an organisation still has to answer."""
    return Inquiry.objects.filter(to=organisation, state__in=OPEN).count()


def overdue(at: datetime) -> QuerySet[Inquiry]:
    """Give the inquiries to anybody whose time is over and that nobody answered, the longest overdue first."""
    return Inquiry.objects.filter(state__in=OPEN, due_at__lte=at).select_related("to").order_by("due_at", "pk")


def of_subject(subject: str) -> QuerySet[Inquiry]:
    """Give the inquiries that belong to a case, complaint or seal, the oldest first."""
    return Inquiry.objects.filter(subject=subject).select_related("data_key", "to").order_by("pk")


def answered(subject: str, kind: str) -> QuerySet[Answer]:
    """Give what was said to the inquiries of a kind that belong to a subject, the oldest first; refusals included."""
    rows = Answer.objects.filter(inquiry__subject=subject, inquiry__kind=kind)
    return rows.select_related("inquiry__to", "data_key").order_by("answered_at", "pk")


def of_office(office: Organisation) -> QuerySet[Inquiry]:
    """Give what an authority sent, and what the platform itself sent for all authorities; the newest first."""
    rows = Inquiry.objects.filter(Q(office=office) | Q(office=None))
    return rows.select_related("data_key", "to", "by").order_by("-pk")


def asked_in(inquiry: Inquiry) -> Asked:
    """Open what an inquiry holds; nothing where it was erased.

    Raises:
        VaultError: its key is not there, and it was not erased as it should be.
    """
    if inquiry.sealed is None:
        return Asked({}, "")
    content = open_content(opened_key(inquiry.data_key), inquiry.sealed, "content")
    return Asked(content["matter"], content["words"])


def said_in(answer: Answer) -> Said:
    """Open what an answer holds; nothing where it was erased.

    Raises:
        VaultError: its key is not there, and it was not erased as it should be.
    """
    if answer.sealed is None:
        return Said({}, "", ())
    key = opened_key(answer.data_key)
    content = open_content(key, answer.sealed, "content")
    files = tuple(
        Attached(row.pk, name_of(row, key), row.media_type, row.size_bytes, row.content_sha256)
        for row in answer.attachments.order_by("pk")
    )
    return Said(content["values"], content["words"], files)


def reason_of(act: InquiryAct) -> str:
    """Open the reason of an act; "" where it has none, or was erased.

    Raises:
        VaultError: its key is not there, and it was not erased as it should be.
    """
    if act.sealed_reason is None:
        return ""
    content = open_content(opened_key(act.inquiry.data_key), act.sealed_reason, f"reason:{act.act}")
    return str(content["reason"])
