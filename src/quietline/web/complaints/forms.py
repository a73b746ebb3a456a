"""The form of a report: what matters in sight, the rest folded away. Words of questions stand here, checks elsewhere."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quietline.errors import OperationError
from quietline.web.accounts.models import Organisation
from quietline.web.base.forms_look import CodeInput, PhoneInput
from quietline.web.base.offering import RowChoice, offer, offer_rows
from quietline.web.complaints.clocks import local_day
from quietline.web.complaints.models import Complaint
from quietline.web.complaints.sealing import Said
from quietline.web.complaints.subjects import CHOICES
from quietline.web.complaints.taking import MOST_WORDS, Told
from quietline.web.subscribers.numbers import Line, read_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.forms.boundfield import BoundField
    from django_stubs_ext import StrOrPromise

__all__ = ["BulkForm", "CodeForm", "FilesField", "FindForm", "Group", "ReportForm", "WithdrawForm", "new_token"]

_SALT = "quietline.web.complaints.form"
_TOKEN_SECONDS = 86_400
_YES_NO = (("", gettext_lazy("I do not know")), ("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No")))
_KNEW = (
    ("name", gettext_lazy("my name")), ("tariff", gettext_lazy("my tariff or contract")),
    ("shop", gettext_lazy("the shop where I signed")), ("address", gettext_lazy("my address")),
    ("identity", gettext_lazy("the number of my identity card or passport")),
)  # fmt: skip
_OPERATORS = (Organisation.Kind.OPERATOR, Organisation.Kind.RESELLER)


def new_token() -> str:
    """Make what a form carries so that it is taken once, however often it is sent; good for a day."""
    return signing.dumps(uuid.uuid4().hex, salt=_SALT)


class FilesInput(forms.ClearableFileInput):
    """A control for several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Check each, and give them all."""
        given = data if isinstance(data, (list, tuple)) else [data]
        return [super(FilesField, self).clean(each, initial) for each in given if each]


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that are folded together; open where one of them has an answer or an error."""

    title: StrOrPromise
    fields: Sequence[BoundField]
    is_open: bool


class ReportForm(forms.Form):
    """A call, as its callee tells of it. The first questions are enough."""

    all_optional = True  # said once, above the form
    caller = forms.CharField(
        label=gettext_lazy("Which number called?"), max_length=64, required=False,
        widget=PhoneInput(attrs={"autocomplete": "off", "maxlength": 64}),
        help_text=gettext_lazy("As your telephone showed it. A part of it will do, and so will a name."),
    )  # fmt: skip
    no_number = forms.BooleanField(label=gettext_lazy("No number was shown"), required=False)
    when = forms.ChoiceField(
        label=gettext_lazy("When?"), widget=forms.RadioSelect, initial="now",
        choices=(
            ("now", gettext_lazy("Just now")), ("today", gettext_lazy("Earlier today")),
            ("earlier", gettext_lazy("On another day: choose it below")),
        ),
    )  # fmt: skip
    on_day = forms.DateField(label=gettext_lazy("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    at_time = forms.TimeField(label=gettext_lazy("Time"), required=False, widget=forms.TimeInput(attrs={"type": "time"}))
    voice = forms.ChoiceField(
        label=gettext_lazy("Who spoke?"), required=False, widget=forms.RadioSelect,
        choices=(
            ("person", gettext_lazy("A person")), ("recorded", gettext_lazy("A recorded or computer voice")),
            ("", gettext_lazy("I do not know, or nobody")),
        ),
    )  # fmt: skip
    subject = forms.ChoiceField(
        label=gettext_lazy("What was it about?"), required=False, choices=(("", gettext_lazy("Choose")), *CHOICES)
    )
    raw = forms.CharField(
        label=gettext_lazy("Your number, which was called"), max_length=64, required=False, widget=PhoneInput,
        help_text=gettext_lazy("Callers do not learn it. Without it your report counts for less."),
    )  # fmt: skip

    callee_class = forms.ChoiceField(
        label=gettext_lazy("Whose line is it?"), required=False, widget=forms.RadioSelect,
        choices=(*Complaint.CalleeClass.choices, ("", gettext_lazy("I do not know"))),
    )  # fmt: skip

    promoted = forms.CharField(
        label=gettext_lazy("Organisation or product that was promoted"), max_length=200, required=False,
        help_text=gettext_lazy("As you remember it, or its account number from the register"),
    )  # fmt: skip
    words = forms.CharField(
        label=gettext_lazy("What was said?"), max_length=MOST_WORDS, required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip
    told_who = forms.ChoiceField(
        label=gettext_lazy("Did they say who they are?"), choices=_YES_NO, required=False, widget=forms.RadioSelect
    )
    who = forms.CharField(label=gettext_lazy("Who they said they are"), max_length=200, required=False)
    told_why = forms.ChoiceField(
        label=gettext_lazy("Did they say why they called?"), choices=_YES_NO, required=False, widget=forms.RadioSelect
    )
    told_to_stop = forms.ChoiceField(
        label=gettext_lazy("Had you told them to stop before?"), choices=_YES_NO, required=False, widget=forms.RadioSelect
    )
    is_customer = forms.ChoiceField(
        label=gettext_lazy("Are you, or were you, their customer?"), choices=_YES_NO, required=False,
        widget=forms.RadioSelect,
    )  # fmt: skip
    knew = forms.MultipleChoiceField(
        label=gettext_lazy("They knew"), choices=_KNEW, required=False, widget=forms.CheckboxSelectMultiple
    )
    knew_of = RowChoice(
        label=gettext_lazy("Your operator, which knows such things"), required=False,
        help_text=gettext_lazy("An officer then also looks into how they came to know it."),
    )  # fmt: skip
    attached = FilesField(
        label=gettext_lazy("Recording or picture of the screen"), required=False,
        help_text=gettext_lazy(
            "Up to 3 files of up to 20 MB: pictures (PNG, JPEG), PDF, or sound as telephones record it. Stored encrypted."
        ),
    )  # fmt: skip
    answer_by = forms.ChoiceField(
        label=gettext_lazy("How shall we tell you what comes of it?"), required=False, initial="text",
        widget=forms.RadioSelect,
        choices=(
            ("text", gettext_lazy("By text to the line that was called, once you confirm it")),
            ("mail", gettext_lazy("By e-mail")), ("", gettext_lazy("Not at all: I look at its page")),
        ),
    )  # fmt: skip
    mail = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254, required=False)
    may_pass_on = forms.BooleanField(
        label=gettext_lazy("My number and my words may be shown to the firm, so that it can answer"), required=False
    )
    website = forms.CharField(label=gettext_lazy("Leave this empty"), required=False, max_length=200)
    token = forms.CharField(widget=forms.HiddenInput, required=False, max_length=400)

    first: ClassVar[tuple[str, ...]] = ("caller", "no_number", "when")
    folded: ClassVar[tuple[tuple[StrOrPromise, tuple[str, ...]], ...]] = (
        (gettext_lazy("Who called, and what was said"),
         ("promoted", "words", "told_who", "who", "told_why", "told_to_stop", "is_customer")),
        (gettext_lazy("They knew something about me"), ("knew", "knew_of")),
        (gettext_lazy("Add a recording or a picture"), ("attached",)),
        (gettext_lazy("How we tell you, and who may see it"), ("answer_by", "mail", "may_pass_on")),
    )  # fmt: skip

    def __init__(self, *args: Any, proven: Line | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.proven = proven
        if proven is not None:
            del self.fields["raw"]
        operators = Organisation.objects.filter(kind__in=_OPERATORS, state=Organisation.State.VERIFIED).order_by("name")
        offer_rows(self, "knew_of", operators)

    @property
    def groups(self) -> list[Group]:
        """The folded questions."""
        return [
            Group(title, [self[name] for name in names], any(self._is_answered(name) for name in names))
            for title, names in self.folded
        ]

    @property
    def earlier(self) -> Group:
        """Day and time of a call that was not just now."""
        names = ("on_day", "at_time")
        return Group(_("Day and time"), [self[name] for name in names], any(self._is_answered(name) for name in names))

    def clean_raw(self) -> Line | None:
        """Read the line that was called."""
        raw = self.cleaned_data["raw"].strip()
        if not raw:
            return None
        environment = settings.ENVIRONMENT
        try:
            return read_line(raw, countries=environment.countries, only_fictitious=environment.is_demonstration)
        except OperationError as error:
            raise forms.ValidationError(f"{error.message} {error.advice}", code=error.code) from error

    def clean(self) -> dict[str, Any]:
        """Ask for what cannot be missing, and for what contradicts itself."""
        data = super().clean() or {}
        if data.get("website"):
            raise forms.ValidationError(_("Leave the hidden field empty, and send it once more."), code="form.trap")
        if not (data.get("caller") or data.get("no_number")):
            self.add_error("caller", _("Write the number, or tick that none was shown."))
        if data.get("when") == "earlier" and not data.get("on_day") and "on_day" not in self.errors:
            self.add_error("on_day", _("Choose the day of the call."))
        if data.get("answer_by") == Complaint.AnswerBy.MAIL and not data.get("mail") and "mail" not in self.errors:
            self.add_error("mail", _("Write the address that we shall write to."))
        if data.get("answer_by") == Complaint.AnswerBy.TEXT and self.line is None:
            data["answer_by"] = ""  # no line, no text
        return data

    @property
    def line(self) -> Line | None:
        """The line that was called, as far as it was said."""
        if self.proven is not None:
            return self.proven
        found: Line | None = self.cleaned_data.get("raw")
        return found

    @property
    def challenge(self) -> uuid.UUID | None:
        """What makes the form one of a kind; None where it is too old, or was not made here."""
        try:
            return uuid.UUID(signing.loads(self.cleaned_data.get("token", ""), salt=_SALT, max_age=_TOKEN_SECONDS))
        except (signing.BadSignature, ValueError):
            return None

    def told(self, at: datetime, *, country: str) -> Told:
        """Give what was told, once the form is valid.

        Args:
            at: now.
            country: on whose clock "today" is where the line was not said.
        """
        data, line = self.cleaned_data, self.line
        called_at, day, said_when = _moment(data, line, at, local_day(country, at))
        said = Said(
            words=data["words"], who=data["who"], promoted=data["promoted"], called_as=data["caller"], mail=data["mail"],
            said_when=said_when,
        )  # fmt: skip
        yes = {"yes": True, "no": False}
        voice = {"recorded": True, "person": False}
        return Told(
            caller="" if data["no_number"] else data["caller"], called_at=called_at, called_date=day,
            is_recorded=voice.get(data["voice"]), subject=data["subject"], said=said, callee_class=data["callee_class"],
            told_who=yes.get(data["told_who"]),
            told_why=yes.get(data["told_why"]), told_to_stop=yes.get(data["told_to_stop"]),
            is_customer=yes.get(data["is_customer"]), knew=tuple(data["knew"]), knew_of=data["knew_of"],
            answer_by=data["answer_by"], may_pass_on=data["may_pass_on"],
        )  # fmt: skip

    def _is_answered(self, name: str) -> bool:
        value = self[name].value()
        return bool(self.errors.get(name)) or (self.is_bound and bool(value) and value != self.fields[name].initial)


def _moment(data: dict[str, Any], line: Line | None, at: datetime, today: date) -> tuple[datetime | None, Any, str]:
    """Give the moment of the call, its day and what was said of its hour, each as far as it can be known."""
    if data["when"] == "now" and not data["on_day"] and not data["at_time"]:
        return at, (today if line is None else None), ""
    if line is None:  # nobody knows on which clock
        return None, data["on_day"] or today, data["at_time"].strftime("%H:%M") if data["at_time"] is not None else ""
    zones = [ZoneInfo(name) for name in line.zones or ("UTC",)]
    days = [data["on_day"] or at.astimezone(zone).date() for zone in zones]
    if data["at_time"] is None:
        return None, days[0], ""
    # a line may lie in several zones: on one of their clocks the time that was written is over
    moments = [datetime.combine(day, data["at_time"], zone) for day, zone in zip(days, zones, strict=True)]
    place = next((place for place, moment in enumerate(moments) if moment <= at), 0)
    return moments[place], days[place], ""


class FindForm(forms.Form):
    """A report, by its reference and the code that was shown with it."""

    reference = forms.CharField(
        label=gettext_lazy("Reference"), max_length=20, help_text="RP-XXXX-XXXX",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
    )  # fmt: skip
    code = forms.CharField(
        label=gettext_lazy("Code of the report"), max_length=20, widget=CodeInput(length=10),
        help_text=gettext_lazy("10 digits, shown when you reported"),
    )  # fmt: skip


class CodeForm(forms.Form):
    """A code that was sent to a line."""

    code = forms.CharField(
        label=gettext_lazy("Code"), max_length=20, widget=CodeInput,
        help_text=gettext_lazy("8 digits, in the message that we sent"),
    )  # fmt: skip


class WithdrawForm(forms.Form):
    """Whether to erase what was said, too."""

    with_erasure = forms.BooleanField(label=gettext_lazy("Also erase what I said, my number and my files"), required=False)


class BulkForm(forms.Form):
    """A file of reports in the public eight-column form."""

    file = forms.FileField(
        label=gettext_lazy("File"), help_text=gettext_lazy("CSV with the eight columns named below; up to 20 MB.")
    )
    country = forms.ChoiceField(label=gettext_lazy("Country of the lines that were called"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "country", [(code, code) for code in settings.ENVIRONMENT.countries])
