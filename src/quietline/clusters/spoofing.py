"""Whether reported calls came from the number that they displayed: spoofed innocents are recognised, not sealed.

The verdict follows from evidence about calls, never from how many people complained. A thousand complaints against a bank's
number are what a campaign that borrows it looks like.

1. **Call records.** For each reported call, does the operator that serves the number have a record of it? Of the calls for
   which that is known, a share was made. If with 95 % confidence more than half were not, the number is likely spoofed; if
   more than half were, it is likely real. (One-sided bounds of Clopper and Pearson, 1934. Answers that are missing are no
   answers.)
2. **Attestation.** Full attestation (RFC 8588, ``A``) is an operator's signed word that its customer may use the number.
   Where most reported calls carry it, the number is likely real. Its absence says little by itself, since many networks
   sign nothing; but where this holder's genuine calls are known to be signed, unsigned ones are somebody else's (a binomial
   tail).
3. Where the two contradict each other, the verdict is ``undetermined`` and says so: somebody's records or signatures are
   wrong.
4. A number of a **trusted holder** without evidence either way is ``undetermined`` and protected.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from quietline.clusters.chances import binomial_tail, share_at_least

__all__ = ["NumberFacts", "Spoofing", "SpoofingVerdict", "spoofing"]


class SpoofingVerdict(StrEnum):
    """Whether the number displayed was the number that called."""

    SPOOFED = "likely-spoofed"
    REAL = "likely-real"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """What is known of the calls that were reported of one number.

    Attributes:
        calls: that were reported.
        recorded: of these, calls for which the holder's operator has a record.
        unrecorded: of these, calls for which it has been asked and has none; for the others nothing is known.
        attested: calls signed with full attestation (A).
        partly_attested: signed with B or C.
        unsigned: known to have come without a signature; for the others nothing is known.
        unrecorded_attested: calls that were signed with full attestation and are in no record.
        usual_share: share of the holder's genuine calls that carry full attestation; None where that is not known.
        trusted: whether the number belongs to a holder on the trusted list.
    """

    calls: int
    recorded: int = 0
    unrecorded: int = 0
    attested: int = 0
    partly_attested: int = 0
    unsigned: int = 0
    unrecorded_attested: int = 0
    usual_share: float | None = None
    trusted: bool = False

    def __post_init__(self) -> None:
        signatures = (self.attested, self.partly_attested, self.unsigned)
        signed = sum(signatures)
        if min(*signatures, self.recorded, self.unrecorded, self.unrecorded_attested) < 0:
            raise ValueError("a count is not below 0")
        if self.recorded + self.unrecorded > self.calls or signed > self.calls:
            raise ValueError("each call is counted once among records, and once among signatures")
        if self.unrecorded_attested > min(self.unrecorded, self.attested):
            raise ValueError("calls attested and not recorded are among those attested and among those not recorded")
        if self.usual_share is not None and not 0 <= self.usual_share <= 1:
            raise ValueError("a share lies between 0 and 1")


@dataclass(frozen=True, slots=True)
class Spoofing:
    """What became of the question.

    Attributes:
        verdict: the answer.
        reasons: codes, the weightiest first: ``records-missing``, ``records-present``, ``records-too-few``, ``attested``,
            ``usually-attested``, ``signature-without-record``, ``contradiction``, ``trusted-holder``, ``no-evidence``.
        missing_share: lower bound on the share of calls that the holder did not make, by the records; 0 to 1.
        present_share: lower bound on the share that it made.
        attested_share: lower bound on the share of calls with full attestation, of those whose signature is known.
        chance: bound on the chance of so few attested calls if they were the holder's; None where that is not known.
        protected: whether the number is to be kept from seals: it is likely spoofed, or undetermined and trusted.
    """

    verdict: SpoofingVerdict
    reasons: tuple[str, ...]
    missing_share: float
    present_share: float
    attested_share: float
    chance: float | None
    protected: bool


def spoofing(facts: NumberFacts, *, error: float = 0.05) -> Spoofing:
    """Judge whether the number was borrowed by somebody else.

    Args:
        facts: of the reported calls.
        error: the chance that is allowed of each bound being wrong.
    """
    known = facts.recorded + facts.unrecorded
    signatures = facts.attested + facts.partly_attested + facts.unsigned
    missing = share_at_least(facts.unrecorded, known, error=error)
    present = share_at_least(facts.recorded, known, error=error)
    attested = share_at_least(facts.attested, signatures, error=error)
    chance = None
    if facts.usual_share is not None and signatures:
        unattested = signatures - facts.attested
        chance = float(binomial_tail(unattested, signatures, 1 - facts.usual_share))
    against, for_ = _reasons(facts, missing, present, attested, chance, error)
    if against and for_:
        verdict, reasons = SpoofingVerdict.UNDETERMINED, ["contradiction", *against, *for_]
    elif against:
        verdict, reasons = SpoofingVerdict.SPOOFED, against
    elif for_:
        verdict, reasons = SpoofingVerdict.REAL, for_
    else:
        verdict, reasons = SpoofingVerdict.UNDETERMINED, ["records-too-few" if known else "no-evidence"]
    if facts.trusted:
        reasons.append("trusted-holder")
    protected = verdict is SpoofingVerdict.SPOOFED or (verdict is SpoofingVerdict.UNDETERMINED and facts.trusted)
    return Spoofing(verdict, tuple(reasons), missing, present, attested, chance, protected)


def _reasons(
    facts: NumberFacts, missing: float, present: float, attested: float, chance: float | None, error: float
) -> tuple[list[str], list[str]]:
    """Give what speaks against the calls being the holder's, and what speaks for it."""
    against, for_ = [], []
    if missing > 0.5:
        against.append("records-missing")
    if chance is not None and chance < error:
        against.append("usually-attested")
    if present > 0.5:
        for_.append("records-present")
    if attested > 0.5:
        for_.append("attested")
    # an operator vouched for calls of which the holder's operator knows nothing: one of the two is wrong
    if missing > 0.5 and share_at_least(facts.unrecorded_attested, facts.unrecorded, error=error) > 0.1:
        for_.append("signature-without-record")
    return against, for_
