"""What an organisation can show: its procedures, trainings and checks; and which warnings were sent."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.keeping.declared import Keeping

__all__ = ["FilePage", "Warned"]


class FilePage(models.Model):
    """A page of an organisation's file: written once; a new version of a procedure is a new page."""

    class Element(models.TextChoices):
        """What it shows, as 16 CFR 310.4(b)(3) and 47 CFR 64.1200(c)(2)(i) ask for it."""

        PROCEDURES = "procedures", _("Written procedures")
        TRAINING = "training", _("Training of personnel")
        OWN_LIST = "own-list", _("Keeping the own list of people not to be called")
        ACCESS = "access", _("Using the register in time, and keeping records of it")
        MONITORING = "monitoring", _("Checks that the procedures are followed")
        ERROR = "error", _("A call made by mistake, and what was done")

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="file_pages")
    element = models.CharField(max_length=10, choices=Element.choices)
    on_date = models.DateField()
    title = models.CharField(max_length=120)
    wording = models.TextField(max_length=20_000)
    people_count = models.PositiveIntegerField(null=True)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "filepage"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "element": "kept", "on_date": "kept", "title": "kept", "wording": "kept",
        "people_count": "kept", "by": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["organisation", "element", "-on_date"], name="compliance_filepage_newest")]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert; refuse to overwrite."""
        if not self._state.adding:
            self._refuse()
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse."""
        self._refuse()

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of; what people wrote only as a hash."""
        return {
            "organisation": self.organisation_id, "element": self.element, "on": self.on_date.isoformat(),
            "title": sha256(self.title.encode()).hexdigest(), "wording": sha256(self.wording.encode()).hexdigest(),
            "people": self.people_count, "by": self.by_id, "at": self.at.isoformat(timespec="microseconds"),
        }  # fmt: skip

    @staticmethod
    def _refuse() -> NoReturn:
        raise TypeError("a page of the file is never altered or deleted; write another one")


class Warned(models.Model):
    """A warning that was sent: once for each duty, day and distance, so that nobody is told the same twice."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    duty = models.CharField(max_length=80)
    due_date = models.DateField()
    days = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "duty": "kept", "due_date": "kept", "days": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "duty", "due_date", "days"], name="compliance_warned_once"
            )
        ]  # fmt: skip
