"""Erase what was asked and answered, when its time is over; that it was asked and answered, and when, stays proven."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from quietline.errors import ConflictError
from quietline.web.inquiries.models import Answer, Attachment, Inquiry, InquiryAct
from quietline.web.inquiries.sealing import remove_file
from quietline.web.inquiries.states import OPEN
from quietline.web.keeping.data_keys import destroy_keys
from quietline.web.proofs.operations import write_leaves

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["erase"]


@transaction.atomic
def erase(inquiry: Inquiry, *, at: datetime) -> None:
    """Destroy the keys of an inquiry and its answers, with everything that they seal, and close it.

    For the rooms above, which know how long a case is kept. The leaves stay, and still fit their rows: they cover hashes of
    what was sealed, which begin with random bytes. Erasing twice changes nothing.

    Args:
        inquiry: which; not one that waits for an answer.
        at: now.

    Raises:
        ConflictError: ``inquiry.state``, it is still open.
    """
    row = Inquiry.objects.select_for_update().get(pk=inquiry.pk)
    if row.state in OPEN:
        raise ConflictError(_("It still waits for an answer."), advice=_("Withdraw it first."), code="inquiry.state")
    if row.erased_at is not None:
        return
    answers = Answer.objects.filter(inquiry=row)
    for pk in answers.values_list("pk", flat=True):  # each its own, for they are unique
        answers.filter(pk=pk).update(sealed=None, content_index=b"erased:%d" % pk)
    files = Attachment.objects.filter(answer__inquiry=row)
    for path in files.exclude(object_path="").values_list("object_path", flat=True):
        transaction.on_commit(partial(remove_file, path))
    files.update(sealed_name=None, object_path="")
    InquiryAct.objects.filter(inquiry=row).update(sealed_reason=None)
    destroy_keys([row.data_key_id, *answers.values_list("data_key", flat=True)], at=at)
    Inquiry.objects.filter(pk=row.pk).update(sealed=None, erased_at=at, closed_at=Coalesce(F("closed_at"), at))
    act = InquiryAct.objects.create(inquiry=row, act=InquiryAct.Act.ERASED, content_sha256="", at=at)
    write_leaves("inquiry-act", [act], at=at)
    inquiry.refresh_from_db()
