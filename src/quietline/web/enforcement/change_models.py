"""What changes a finding or a penalty without erasing it: calls that were struck out, and what an appeal leaves of them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import canonical_moment
from quietline.web.keeping.declared import Keeping

__all__ = ["AppealChange", "StruckCall"]


class StruckCall(models.Model):
    """A call that a finding does not rest on any more. Never altered; the finding keeps the call, and this row says why.

    Attributes:
        day: of the call.
        place: which of the finding's calls of that day, 1 or more, as :mod:`quietline.web.enforcement.striking` counts them.
        complaint: the report of the call, where it is known.
        reason: sealed under the case's key; the hash stands in the leaf.
        appeal: reference of the appeal on which it fell; empty where it was struck before the finding was confirmed.
    """

    finding = models.ForeignKey("enforcement.Finding", on_delete=models.PROTECT, related_name="struck")
    day = models.DateField()
    place = models.IntegerField()
    complaint = models.ForeignKey("complaints.Complaint", null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.BinaryField(null=True)
    reason_sha256 = models.CharField(max_length=64)
    appeal = models.CharField(max_length=16, blank=True)
    by = models.ForeignKey("accounts.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "struck-call"
    leaf_reference: ClassVar[tuple[str, str]] = ("FN", "finding__reference")
    leaf_title = _("struck call")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "finding": "kept", "day": "kept", "place": "kept", "complaint": "kept", "reason": "encrypted",
        "reason_sha256": "kept", "appeal": "kept", "by": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["finding", "day", "place"], name="enforcement_struck_once"),
            models.CheckConstraint(condition=models.Q(place__gte=1), name="enforcement_struck_place"),
        ]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "finding": self.finding_id, "day": self.day.isoformat(), "place": self.place, "reason": self.reason_sha256,
            "appeal": self.appeal, "by": self.by_id, "at": canonical_moment(self.at),
        }  # fmt: skip


class AppealChange(models.Model):
    """What an appeal that is granted in part changes: proposed by one who took no part, confirmed by another.

    Attributes:
        struck: calls that fall: ``[["FN-...", "2026-03-02", 1], ...]``.
        amounts: new amounts, lower, by reference of the penalty: ``{"PN-...": "6000.00"}``.
        measures: references of the measures that fall.
        reasons: sealed under the case's key; the hash stands in the leaf.
    """

    class State(models.TextChoices):
        """How far it is."""

        PROPOSED = "proposed", _("proposed")
        RETURNED = "returned", _("sent back")
        CONFIRMED = "confirmed", _("confirmed")

    case = models.ForeignKey("enforcement.Case", on_delete=models.PROTECT, related_name="appeal_changes")
    appeal = models.ForeignKey("seals.Appeal", on_delete=models.PROTECT, related_name="changes")
    struck = models.JSONField(default=list)
    amounts = models.JSONField(default=dict)
    measures = models.JSONField(default=list)
    reasons = models.BinaryField(null=True)
    reasons_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PROPOSED)
    proposed_by = models.ForeignKey("accounts.Person", on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)

    leaf_kind: ClassVar[str] = "appeal-change"
    leaf_reference: ClassVar[tuple[str, str]] = ("AP", "appeal__reference")
    leaf_title = _("change on appeal")
    keeping: ClassVar[Keeping] = {
        "id": "kept", "case": "kept", "appeal": "kept", "struck": "kept", "amounts": "kept", "measures": "kept",
        "reasons": "encrypted", "reasons_sha256": "kept", "state": "kept", "proposed_by": "kept", "proposed_at": "kept",
        "decided_by": "kept", "decided_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["appeal"], name="enforcement_change_once", condition=models.Q(state__in=("proposed", "confirmed"))
            ),
            models.CheckConstraint(
                condition=~models.Q(state="confirmed") | ~models.Q(decided_by=models.F("proposed_by")),
                name="enforcement_change_two",
            ),
        ]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of: what was proposed. Who decided stands in the case's acts."""
        return {
            "case": self.case_id, "appeal": self.appeal_id, "struck": self.struck, "amounts": self.amounts,
            "measures": self.measures, "reasons": self.reasons_sha256, "by": self.proposed_by_id,
            "at": canonical_moment(self.proposed_at),
        }  # fmt: skip
