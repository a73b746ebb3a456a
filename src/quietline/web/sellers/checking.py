"""What the authority should know before it lets somebody call: computed anew each time, with what was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from quietline.web.accounts.models import Membership, Organisation, RoleChange
from quietline.web.keeping.rings import key_ring
from quietline.web.sellers.models import Bar, Decision, Document, Profile
from quietline.web.sellers.profiles import contact_of, legal_index, normal_legal_id
from quietline.web.sellers.queries import live_bars, profile_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from quietline.web.accounts.models import Person

__all__ = ["Finding", "bar_index", "findings_of", "organisations_matching"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        code: stable: ``legal-id.missing``, ``legal-id.duplicate``, ``legal-id.unique``, ``bar.legal-id``, ``bar.email``,
            ``bar.name``, ``bar.none``, ``sanction.legal-id``, ``sanction.people``, ``sanction.none``, ``proof.shared``,
            ``people.shared``.
        tone: ``good``, ``waiting`` (look closer) or ``bad``.
        text: what was found, in the language that is in force.
        organisations: account numbers of other organisations that it is about.
    """

    code: str
    tone: str
    text: str
    organisations: tuple[str, ...] = ()


def findings_of(organisation: Organisation, *, at: datetime) -> list[Finding]:
    """Look at everything that speaks for or against an organisation.

    Args:
        organisation: that wants to call.
        at: now; decides which bars hold.
    """
    profile = profile_of(organisation)
    same_id = _same_legal_id(organisation, profile)
    people = _people(organisation)
    same_people = list(
        Organisation.objects.filter(memberships__person__in=people).exclude(pk=organisation.pk).distinct().order_by("code")
    )
    return [
        *_legal_id(organisation, profile, same_id),
        *_bars(organisation, profile, people, at),
        *_sanctions(same_id, same_people),
        *_shared(organisation, same_people),
    ]


def bar_index(what: str, value: str, *, country: str = "") -> bytes | None:
    """Give the blind index by which a bar is found; None where the value is empty.

    Args:
        what: one of :class:`Bar.What`.
        value: a legal id, an e-mail address or a name, as typed.
        country: of the legal id.
    """
    if what == Bar.What.LEGAL_ID:
        return legal_index(country, value)
    plain = value if what == Bar.What.EMAIL else "".join(s if s.isalnum() else " " for s in value)
    return key_ring().blind_index(f"sellers.bar.{what}", plain) if plain.strip() else None


def organisations_matching(bar: Bar) -> list[Organisation]:
    """Give the organisations, open ones only, that a bar meets now."""
    index = bytes(bar.value_index)
    open_ones = Organisation.objects.exclude(state=Organisation.State.CLOSED)
    if bar.what == Bar.What.LEGAL_ID:
        by_profile = open_ones.filter(profiles__is_current=True, profiles__legal_index=index)
        entered = open_ones.exclude(legal_id="").exclude(profiles__isnull=False)
        by_hand = [row for row in entered if legal_index(row.country, row.legal_id) == index]
        return sorted({*by_profile, *by_hand}, key=lambda row: row.code)
    found = {}
    for organisation in open_ones.filter(profiles__is_current=True).distinct():
        values = _values(organisation, profile_of(organisation), _people(organisation))[Bar.What(bar.what)]
        if index in {bar_index(bar.what, value) for value in values}:
            found[organisation.code] = organisation
    return [found[code] for code in sorted(found)]


def _people(organisation: Organisation) -> list[Person]:
    rows = Membership.objects.filter(organisation=organisation).select_related("person")
    return list({row.person_id: row.person for row in rows}.values())


def _same_legal_id(organisation: Organisation, profile: Profile | None) -> list[Organisation]:
    """Find others with the same legal id: by their profiles, and by what the authority entered for those without one."""
    country = profile.country if profile else organisation.country
    given = (profile.legal_id if profile else "") or organisation.legal_id
    normal = normal_legal_id(country, given)
    if not normal:
        return []
    others = Organisation.objects.exclude(pk=organisation.pk)
    by_profile = others.filter(profiles__legal_index=legal_index(country, given))
    entered = others.filter(country=country).exclude(legal_id="").exclude(profiles__isnull=False)
    by_hand = [row for row in entered if normal_legal_id(row.country, row.legal_id) == normal]
    return sorted({*by_profile, *by_hand}, key=lambda row: row.code)


def _legal_id(organisation: Organisation, profile: Profile | None, same: list[Organisation]) -> list[Finding]:
    if not ((profile.legal_id if profile else "") or organisation.legal_id):
        return [Finding("legal-id.missing", "waiting", _("It gave no legal id: nothing could be compared."))]
    if not same:
        return [Finding("legal-id.unique", "good", _("No other organisation has this legal id, however it is spelt."))]
    text = _("Other organisations have the same legal id, once blanks, signs and zeros in front are left out.")
    return [Finding("legal-id.duplicate", "bad", text, _codes(same))]


def _values(organisation: Organisation, profile: Profile | None, people: Iterable[Person]) -> dict[Bar.What, set[str]]:
    emails = {person.email for person in people} | ({contact_of(profile).email} if profile else set())
    names = {person.name for person in people} | {organisation.name} | ({profile.legal_name} if profile else set())
    return {Bar.What.EMAIL: emails - {""}, Bar.What.NAME: names - {""}}


def _bars(organisation: Organisation, profile: Profile | None, people: list[Person], at: datetime) -> list[Finding]:
    found = []
    country = profile.country if profile else organisation.country
    index = legal_index(country, (profile.legal_id if profile else "") or organisation.legal_id)
    if index and live_bars(at=at).filter(what=Bar.What.LEGAL_ID, value_index=index).exists():
        found.append(Finding("bar.legal-id", "bad", _("Its legal id is barred. It cannot be verified.")))
    texts = {
        Bar.What.EMAIL: ("bad", _("The e-mail address of one of its people is barred.")),
        Bar.What.NAME: ("waiting", _("The name of one of its people, or its own, is the same as a barred one. "
                                     "Names are not unique: compare before you decide.")),
    }  # fmt: skip
    for what, values in _values(organisation, profile, people).items():
        indexes = [index for value in values if (index := bar_index(what, value))]
        if live_bars(at=at).filter(what=what, value_index__in=indexes).exists():
            tone, text = texts[what]
            found.append(Finding(f"bar.{what}", tone, text))
    return found or [Finding("bar.none", "good", _("Neither it nor its people are barred."))]


def _sanctions(same_id: list[Organisation], same_people: list[Organisation]) -> list[Finding]:
    found = []
    for code, others, text in (
        ("sanction.legal-id", same_id, _("An organisation with the same legal id was suspended, closed or refused before.")),
        ("sanction.people", same_people, _("An organisation with the same people was suspended, closed or refused before.")),
    ):
        if sanctioned := [other for other in others if _was_sanctioned(other)]:
            found.append(Finding(code, "bad", text, _codes(sanctioned)))
    return found or [Finding("sanction.none", "good", _("No earlier sanction of the same firm or the same people."))]


def _was_sanctioned(organisation: Organisation) -> bool:
    acts = (RoleChange.Act.SUSPENDED, RoleChange.Act.CLOSED)
    outcomes = (Decision.Outcome.SUSPENDED, Decision.Outcome.REFUSED)
    return (
        RoleChange.objects.filter(organisation=organisation, act__in=acts).exists()
        or Decision.objects.filter(organisation=organisation, outcome__in=outcomes).exists()
    )


def _shared(organisation: Organisation, same_people: list[Organisation]) -> list[Finding]:
    found = []
    if same_people:
        text = _("Its people also act, or acted, for other organisations.")
        found.append(Finding("people.shared", "waiting", text, _codes(same_people)))
    digests = Document.objects.filter(organisation=organisation, removed_at=None).values_list("content_sha256", flat=True)
    users = Organisation.objects.filter(
        Q(documents__content_sha256__in=list(digests)) & ~Q(pk=organisation.pk)
    ).distinct().order_by("code")  # fmt: skip
    if users:
        text = _("Another organisation has uploaded the very same file as proof.")
        found.append(Finding("proof.shared", "bad", text, _codes(users)))
    return found


def _codes(organisations: Iterable[Organisation]) -> tuple[str, ...]:
    return tuple(organisation.code for organisation in organisations)
