"""What calls are about: the list that reports choose from, with the words that the public file of the United States has.

Source of the words in ``public``: the column ``Subject`` of the Federal Trade Commission's daily file of reported calls.
Historic files keep the words they have; :func:`subject_of_public` finds the subject that they mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

__all__ = ["CHOICES", "SUBJECTS", "Subject", "public_subject", "subject_label", "subject_of_public"]


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject.

    Attributes:
        code: stable; stands in reports.
        label: for people.
        public: as the public file has it, and other spellings of the same there.
    """

    code: str
    label: StrOrPromise
    public: tuple[str, ...]


SUBJECTS: tuple[Subject, ...] = (
    Subject("silent", _("Silent or dropped call"), ("Dropped call or no message",)),
    Subject("debt", _("Reducing debt, loans, mortgages"), ("Reducing your debt (credit cards, mortgage, student loans)",)),
    Subject("imposter", _("Said to be an authority, a bank, or a relative"), (
        "Calls pretending to be government, businesses, or family and friends",
    )),
    Subject("medical", _("Medicine, health, insurance for it"), ("Medical & prescriptions",)),
    Subject("warranty", _("Warranties and protection plans"), ("Warranties & protection plans",)),
    Subject("energy", _("Energy, solar, utilities"), ("Energy, solar, & utilities",)),
    Subject("home", _("Home improvement, cleaning"), ("Home improvement & cleaning",)),
    Subject("security", _("Home security, alarms"), ("Home security & alarms",)),
    Subject("prize", _("Lotteries, prizes, sweepstakes"), ("Lotteries, prizes & sweepstakes",)),
    Subject("travel", _("Holidays, time-shares"), ("Vacation & timeshares",)),
    Subject("work", _("Work from home, ways to earn"), ("Work from home & other ways to make money",)),
    Subject("computer", _("Computer help, technical support"), ("Computer & technical support", "Tech support")),
    Subject("property", _("Flats, houses, shops"), ("Real estate",)),
    Subject("invest", _("Shares, funds, crypto-money"), ("Investments",)),
    Subject("course", _("Courses, tutoring"), ("Education",)),
    Subject("telecom", _("Telephone, internet, tariffs"), ("Telephone & internet services",)),
    Subject("charity", _("Gifts to a charity"), ("Charities",)),
    Subject("political", _("Politics, opinion polls"), ("Politics & surveys",)),
    Subject("other", _("Something else"), ("Other",)),
    Subject("unknown", _("It did not say"), ("No Subject Provided",)),
)  # fmt: skip
"""All subjects, in the order in which they are offered."""
CHOICES: tuple[tuple[str, StrOrPromise], ...] = tuple((subject.code, subject.label) for subject in SUBJECTS)
"""For forms."""
_BY_CODE = {subject.code: subject for subject in SUBJECTS}
_BY_PUBLIC = {public.casefold(): subject.code for subject in SUBJECTS for public in subject.public}


def subject_label(code: str) -> StrOrPromise:
    """Name a subject for people, whether it is a code or the words of a public file; what is none of ours stays as it is."""
    found = _BY_CODE.get(subject_of_public(code))
    return code if found is None else found.label


def public_subject(code: str) -> str:
    """Give the words of the public file for a subject; what is none of ours is left as it is."""
    found = _BY_CODE.get(code)
    return code if found is None else found.public[0]


def subject_of_public(words: str) -> str:
    """Give the subject that words of a public file mean; unknown words are kept, at most 80 characters of them."""
    text = " ".join(words.split())
    return _BY_PUBLIC.get(text.casefold(), text[:80])
