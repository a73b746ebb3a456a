"""Which rules an installation goes by, and since when: a leaf wherever a rulebook or the release has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from quietline import __version__
from quietline.errors import LawError
from quietline.law.rulebook import load_rulebook, rulebook_names
from quietline.web.base.rulebooks import rulebook_of
from quietline.web.proofs.models import RulesInForce
from quietline.web.proofs.operations import write_leaves

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["prove_rules", "rules_in_force"]


def rules_in_force() -> dict[str, str]:
    """Give the digests of all rulebooks by name: those of the release, and those that a setting names, as ``own:US``.

    Raises:
        LawError: ``law.invalid``, one of them is wrong.
    """
    found = {name: load_rulebook(name).digest for name in rulebook_names()}
    if settings.ENVIRONMENT.rulebook:
        for country in settings.ENVIRONMENT.countries:
            try:
                found[f"own:{country}"] = rulebook_of(country).digest
            except LawError as error:
                if error.code == "law.invalid":
                    raise
    return found


def prove_rules(*, at: datetime) -> bool:
    """Record the release and its rulebooks with a leaf, where they are not those that were recorded last.

    For the start of the sequencer, which is alone.

    Returns:
        Whether anything had changed.
    """
    release, rulebooks = __version__, rules_in_force()
    last = RulesInForce.objects.order_by("-pk").first()
    if last is not None and (last.release, last.rulebooks) == (release, rulebooks):
        return False
    with transaction.atomic():
        row = RulesInForce.objects.create(release=release, rulebooks=rulebooks, at=at)
        write_leaves("rulebooks", [row], at=at)
    return True
