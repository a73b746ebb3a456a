"""Letters of cases: from templates that two people answer for, filled, sealed, on the organisation's page and as PDF."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.accounts.models import Organisation, Role
from quietline.web.accounts.queries import live_memberships
from quietline.web.enforcement.clocks import basis_words
from quietline.web.enforcement.letter_texts import FIELDS, FIRST
from quietline.web.enforcement.outcome_models import Letter, LetterTemplate
from quietline.web.enforcement.sealing import closed, opened
from quietline.web.messaging.operations import enqueue
from quietline.web.messaging.texts import TEMPLATES, Template, Words
from quietline.web.papers import render
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.acts import cleaned
from quietline.web.sellers.queries import managers_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from quietline.web.accounts.models import Person
    from quietline.web.enforcement.models import Case

__all__ = [
    "LANGUAGES", "add_letters", "enter_first", "language_of", "latest", "pdf_of", "review_template", "send_if_ready",
    "send_letter", "tell", "text_of", "write_template",
]  # fmt: skip

LANGUAGES = ("en", "zh-hans")
_MOST_SUBJECT, _MOST_BODY = 200, 20_000
_FIELD = re.compile(r"\{([^{}]*)\}")


def language_of(organisation: Organisation) -> str:
    """Give the language in which an organisation gets its letters."""
    return "zh-hans" if organisation.country == "CN" else "en"


@transaction.atomic
def write_template(
    *, code: str, subject: Mapping[str, str], body: Mapping[str, str], by: Person, at: datetime
) -> LetterTemplate:  # fmt: skip
    """Write a new version of a letter, in both languages. It is used once somebody else has reviewed it.

    Raises:
        OperationError: ``letter.code``, ``letter.text``, ``letter.field``: it asks for what no letter is filled with.
        NotProvenError: ``letter.not-yours``.
        ConflictError: ``letter.version``: somebody wrote one at the same moment.
    """
    _check(by, Role.INVESTIGATOR, Role.SUPERVISOR)
    if code not in FIRST:
        raise OperationError(_("There is no letter of this kind."), code="letter.code")
    subjects = {name: cleaned(subject.get(name, ""), most=_MOST_SUBJECT, code="letter.text") for name in LANGUAGES}
    bodies = {name: cleaned(body.get(name, ""), most=_MOST_BODY, code="letter.text") for name in LANGUAGES}
    unknown = {name for text in (*subjects.values(), *bodies.values()) for name in _FIELD.findall(text)} - set(FIELDS)
    if unknown:
        raise OperationError(
            _("A letter is not filled with: %(names)s.") % {"names": ", ".join(sorted(unknown))},
            advice=_("Use one of: %(names)s.") % {"names": ", ".join(FIELDS)}, code="letter.field",
        )  # fmt: skip
    last = LetterTemplate.objects.filter(code=code).aggregate(last=Max("version"))["last"] or 0
    row = LetterTemplate(code=code, version=last + 1, subject=subjects, body=bodies, written_by=by, at=at)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise ConflictError(
            _("Somebody wrote another version at the same moment."), advice=_("Look at that one first."),
            code="letter.version",
        ) from error  # fmt: skip
    write_leaves("letter-template", [row], at=at)
    return row


@transaction.atomic
def review_template(*, template: LetterTemplate, by: Person, at: datetime) -> None:
    """Let a version be used.

    Raises:
        NotProvenError: ``letter.second``: who wrote it does not review it; ``letter.not-yours``.
        ConflictError: ``letter.reviewed``.
    """
    _check(by, Role.SUPERVISOR)
    if template.written_by_id == by.pk:
        raise NotProvenError(
            _("Who wrote a letter does not review it."), advice=_("Ask another supervisor."), code="letter.second"
        )
    if not LetterTemplate.objects.filter(pk=template.pk, reviewed_by=None).update(reviewed_by=by, reviewed_at=at):
        raise ConflictError(_("It was reviewed already."), code="letter.reviewed")


def enter_first(*, written_by: Person, reviewed_by: Person, at: datetime) -> None:
    """Enter and review the shipped versions of all letters that have none yet; raises as the two acts."""
    for code, (subject, body) in FIRST.items():
        if not LetterTemplate.objects.filter(code=code).exists():
            row = write_template(code=code, subject=subject, body=body, by=written_by, at=at)
            review_template(template=row, by=reviewed_by, at=at)


def latest(code: str) -> LetterTemplate | None:
    """Give the version of a letter that is used: the last one that was reviewed."""
    return LetterTemplate.objects.filter(code=code).exclude(reviewed_at=None).order_by("-version").first()


def send_if_ready(
    *, case: Case, code: str, organisation: Organisation | None, facts: Mapping[str, str], by: Person | None, at: datetime,
    times: Mapping[str, Mapping[str, Any]] | None = None,
) -> Letter | None:  # fmt: skip
    """Send the letter that goes with an act; without a reviewed template only the notice goes out, and the page tells."""
    if organisation is None:
        return None
    if latest(code) is None:
        tell(case, organisation, at=at)
        return None
    return send_letter(case=case, code=code, organisation=organisation, facts=facts, times=times, by=by, at=at)


@transaction.atomic
def send_letter(
    *, case: Case, code: str, organisation: Organisation, facts: Mapping[str, str], by: Person | None, at: datetime,
    language: str = "", times: Mapping[str, Mapping[str, Any]] | None = None,
) -> Letter:  # fmt: skip
    """Fill a letter, seal it, and put it on the organisation's page; a mail says that it lies there.

    Args:
        case: which.
        code: of the template.
        organisation: whom it is for.
        facts: by field of :data:`~quietline.web.enforcement.letter_texts.FIELDS`.
        by: who sends it; None for the platform.
        at: now.
        language: ``en`` or ``zh-hans``; that of the organisation where it is empty.
        times: by field, times as :meth:`quietline.web.enforcement.clocks.Clock.as_dict` gives them; the letter says in its
            own language whether the law sets them, and where, or the authority.

    Raises:
        ConflictError: ``letter.no-template``: no version was reviewed.
    """
    template = latest(code)
    if template is None:
        raise ConflictError(
            _("No version of this letter was reviewed yet."), advice=_("Write one, and let a supervisor review it."),
            code="letter.no-template",
        )  # fmt: skip
    spoken = language if language in LANGUAGES else language_of(organisation)
    with override(spoken):
        said = {name: basis_words(told) for name, told in (times or {}).items()}
    known = {
        "reference": case.reference, "organisation": organisation.name, "title": case.title, "date": at.date().isoformat(),
        **facts, **said,
    }  # fmt: skip
    content = {"subject": _filled(template.subject[spoken], known), "body": _filled(template.body[spoken], known)}
    sealed, digest = closed(case, json.dumps(content, ensure_ascii=False), "letter")
    row = Letter.objects.create(
        case=case, template=template, organisation=organisation, language=spoken, sealed=sealed, sha256=digest, by=by, at=at,
    )  # fmt: skip
    write_leaves("letter", [row], at=at)
    tell(case, organisation, at=at)
    return row


def text_of(letter: Letter) -> dict[str, str]:
    """Open a letter: ``subject`` and ``body``."""
    text = opened(letter.case, letter.sealed, "letter")
    found: dict[str, str] = json.loads(text) if text else {"subject": "", "body": ""}
    return found


def pdf_of(letter: Letter, *, issuer: str) -> bytes:
    """Set a letter as PDF; equal letters give equal bytes.

    Args:
        letter: which.
        issuer: name of the authority.
    """
    content = text_of(letter)
    blocks: list[dict[str, Any]] = [{"kind": "text", "text": part} for part in content["body"].split("\n\n") if part]
    data = {
        "title": content["subject"], "issuer": [issuer], "to": [letter.organisation.name], "day": letter.at.date(),
        "blocks": blocks, "footer": letter.case.reference,
    }  # fmt: skip
    return render("document", data, lang=letter.language)


def tell(case: Case, organisation: Organisation, *, at: datetime) -> int:
    """Tell an organisation by mail that there is news in a case about it; give how many letters went out."""
    path = reverse("enforcement:about_one", args=[organisation.code, case.reference])
    facts = {"reference": case.reference, "organisation": organisation.name, "path": path}
    people = managers_of(organisation)
    for person in people:
        enqueue(
            channel="mail", template="case-news", language=language_of(organisation), at=at, address=person.email,
            facts=facts,
        )  # fmt: skip
    return len(people)


def add_letters() -> None:
    """Make the notice known to the outbox; once, when the platform starts."""
    TEMPLATES["case-news"] = Template(frozenset(("mail",)), frozenset(("reference", "organisation", "path")), "none", _news)


def _news(facts: Mapping[str, Any]) -> Words:
    text = _("There is news in the case %(reference)s about %(organisation)s. Sign in to read it, what to do, and by when:"
             "\n\n%(link)s")  # fmt: skip
    return Words(_("%(name)s: news in the case %(reference)s") % facts, text % facts)


def _filled(text: str, facts: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda found: str(facts.get(found[1], "–")), text)


def _check(by: Person, *roles: Role) -> None:
    if not any(
        m.role in roles and m.organisation.kind == Organisation.Kind.AUTHORITY and m.organisation.may_act
        for m in live_memberships(by)
    ):
        raise NotProvenError(_("This is done by people of the authority."), code="letter.not-yours")
