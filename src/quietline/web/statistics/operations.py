"""Publish data books: one officer proposes, another one publishes, and the ledger gets the hash of what was published."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.accounts import queries
from quietline.web.accounts.models import Role
from quietline.web.proofs.operations import write_leaves
from quietline.web.statistics.book import as_json, book_of
from quietline.web.statistics.models import BookDraft, PublishedBook

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Person
    from quietline.web.statistics.periods import Period

__all__ = ["PUBLISHING", "propose_book", "publish_book"]

PUBLISHING = (Role.SUPERVISOR, Role.ADMINISTRATOR)
"""Roles of an authority that propose and publish books."""


@transaction.atomic
def propose_book(*, country: str, period: Period, by: Person, at: datetime) -> BookDraft:
    """Propose to publish the book of a closed quarter as the counts are now; takes the place of an earlier proposal.

    Raises:
        OperationError: ``book.open``: the quarter is not over, or it is none.
        ConflictError: ``book.same``: the last revision says the same.
        NotProvenError: ``book.not-yours``.
    """
    _check_may(by)
    if period.quarter is None or not period.is_over(at.date()):
        raise OperationError(
            _("Only the book of a quarter that is over can be published."), advice=_("Wait until the quarter has ended."),
            code="book.open",
        )  # fmt: skip
    content = as_json(book_of(country, period))
    digest = sha256(content.encode()).hexdigest()
    last = PublishedBook.objects.filter(country=country, period=period.name).order_by("-revision").first()
    if last is not None and last.sha256 == digest:
        raise ConflictError(
            _("The book is published already, and nothing has changed since."), advice=_("There is nothing to do."),
            code="book.same",
        )  # fmt: skip
    draft, _is_new = BookDraft.objects.update_or_create(
        country=country, period=period.name, defaults={"content": content, "sha256": digest, "by": by, "at": at}
    )
    return draft


@transaction.atomic
def publish_book(*, draft: BookDraft, by: Person, at: datetime) -> PublishedBook:
    """Publish what somebody else proposed: the very bytes that were proposed.

    Raises:
        ConflictError: ``book.gone``: the proposal was published, or another one took its place.
        NotProvenError: ``book.not-yours``; ``book.second``: who proposed it does not publish it.
    """
    _check_may(by)
    found = BookDraft.objects.select_for_update().filter(pk=draft.pk, sha256=draft.sha256, at=draft.at).first()
    if found is None:
        raise ConflictError(
            _("This proposal is not there any more."), advice=_("Load the page again and see what is proposed now."),
            code="book.gone",
        )  # fmt: skip
    if found.by_id == by.pk:
        raise NotProvenError(
            _("Who proposed a book does not publish it."), advice=_("Ask another supervisor."), code="book.second"
        )
    revisions = PublishedBook.objects.filter(country=found.country, period=found.period).count()
    book = PublishedBook.objects.create(
        country=found.country, period=found.period, revision=revisions + 1, content=found.content, sha256=found.sha256,
        proposed_by_id=found.by_id, published_by=by, at=at,
    )  # fmt: skip
    found.delete()
    write_leaves("data-book", [book], at=at)
    return book


def _check_may(who: Person) -> None:
    if not any(m.organisation.may_act and m.role in PUBLISHING for m in queries.live_memberships(who)):
        raise NotProvenError(
            _("Only supervisors and administrators of the authority do this."), advice=_("Ask one of them."),
            code="book.not-yours",
        )  # fmt: skip
