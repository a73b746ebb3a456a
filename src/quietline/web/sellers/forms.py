"""Forms of the room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from phonenumbers.geodata.locale import LOCALE_DATA

from quietline.web.accounts.entering import ENTERED
from quietline.web.accounts.models import Organisation, Person
from quietline.web.base.forms_look import PhoneInput
from quietline.web.sellers.joining import JOINABLE
from quietline.web.sellers.models import Bar, Decision, Document, Profile

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "AnswerForm",
    "BarForm",
    "CertifyForm",
    "DecisionForm",
    "EnterForm",
    "InviteForm",
    "JoinForm",
    "MandateForm",
    "NumbersForm",
    "PasswordForm",
    "ProfileForm",
    "ProofForm",
    "ReasonForm",
    "SuspensionForm",
    "WhoForm",
    "countries",
    "country_name",
]

_CODE_HINT = _("It looks like QL-O-482193-4.")
_MISSING_IN_CHINESE = {"WS": "萨摩亚"}  # there the table leads to itself
_NO_EMAIL_GUESS = {"autocomplete": "email"}


def country_name(code: str) -> str:
    """Name a country in the reader's language; the code itself where the table does not know it."""
    names = LOCALE_DATA.get(code, {})
    language = "zh" if (get_language() or "en").startswith("zh") else "en"
    if language == "zh" and code in _MISSING_IN_CHINESE:
        return _MISSING_IN_CHINESE[code]
    name = str(names.get(language) or names.get("en") or code)
    return str(names.get(name[1:], code)) if name.startswith("*") else name


def countries() -> list[tuple[str, str]]:
    """List all countries by their codes and names, for a choice; nothing is chosen beforehand."""
    found = sorted(((code, country_name(code)) for code in LOCALE_DATA if len(code) == 2), key=lambda pair: pair[1])
    return [("", "---"), *found]


def _written_large(choices: Iterable[tuple[Any, Any]]) -> list[tuple[str, str]]:
    """Begin each label with a capital, as a choice in a form has it."""
    return [(str(value), capfirst(str(label))) for value, label in choices]


class _DateInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class JoinForm(forms.Form):
    """The first step: who you are. The rest is asked after the address is confirmed."""

    kind = forms.ChoiceField(label=_("What your organisation does"), widget=forms.RadioSelect, choices=(
        (Organisation.Kind.SELLER.value, _("It sells, or calls for itself")),
        (Organisation.Kind.TELEMARKETER.value, _("It calls, or checks lists, on behalf of others")),
        (Organisation.Kind.EXEMPT.value, _("It is exempt from the register: a charity, a party, a survey, a public body")),
    ))  # fmt: skip
    name = forms.CharField(
        label=_("Legal name of the organisation"), max_length=200, help_text=_("As it stands in the register of companies."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )  # fmt: skip
    country = forms.ChoiceField(label=_("Country where it is registered"), choices=countries)
    person = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )  # fmt: skip
    email = forms.EmailField(
        label=_("Your e-mail address"), max_length=254,
        help_text=_("At your work. We send a link to it; you sign in with it."),
        widget=forms.EmailInput(attrs=_NO_EMAIL_GUESS),
    )  # fmt: skip

    def clean_kind(self) -> str:
        """Make sure that it is one of the kinds that join by themselves."""
        kind = str(self.cleaned_data["kind"])
        if kind not in {known.value for known in JOINABLE}:
            raise forms.ValidationError(_("Choose one of these."), code="join.kind")
        return kind


class PasswordForm(forms.Form):
    """The password of a new account."""

    password = forms.CharField(
        label=_("Password"), min_length=12, max_length=1_024, strip=False,
        help_text=_("12 characters at least; a sentence is easy to remember."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    def __init__(self, *args: Any, email: str, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person = Person(email=email, name=name)

    def clean_password(self) -> str:
        """Check it against the rules for passwords."""
        password: str = self.cleaned_data["password"]
        validate_password(password, self._person)
        return password


class WhoForm(forms.Form):
    """An account number to look up."""

    code = forms.CharField(label=_("Account number"), max_length=20, help_text=_CODE_HINT,
                           widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}))  # fmt: skip


class ProfileForm(forms.Form):
    """What an organisation says about itself."""

    legal_name = forms.CharField(label=_("Legal name"), max_length=200)
    country = forms.ChoiceField(label=_("Country where it is registered"), choices=countries)
    legal_id = forms.CharField(
        label=_("Legal id"), max_length=64, required=False,
        help_text=_("Its number in the register of companies. Without one, say in a proof why there is none."),
    )  # fmt: skip
    address = forms.CharField(
        label=_("Postal address"), max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
    )  # fmt: skip
    website = forms.CharField(label=_("Website"), max_length=200, required=False)
    email = forms.EmailField(label=_("E-mail address for letters about the organisation"), max_length=254)
    sells = forms.CharField(
        label=_("What it sells, or why it calls"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )  # fmt: skip
    exempt_ground = forms.ChoiceField(label=_("Is it exempt from the register?"), required=False)
    exempt_reason = forms.CharField(
        label=_("Why it is exempt, in your words"), max_length=1000, required=False,
        help_text=_("With the law that says so."), widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if organisation.kind != Organisation.Kind.EXEMPT:
            del self.fields["exempt_ground"], self.fields["exempt_reason"]
        else:
            grounds = [("", "---"), *_written_large(pair for pair in Profile.Ground.choices if pair[0])]
            self.fields["exempt_ground"] = forms.ChoiceField(label=_("Why it is exempt"), choices=grounds)
            self.fields["exempt_reason"].required = True
        if organisation.state != Organisation.State.APPLIED:
            for name in {"legal_name", "country", "legal_id", "exempt_ground"} & set(self.fields):
                self.fields[name].disabled = True


class ProofForm(forms.Form):
    """One proof."""

    kind = forms.ChoiceField(label=_("What it shows"), choices=lambda: _written_large(Document.Kind.choices))
    file = forms.FileField(
        label=_("File"), help_text=_("PDF, PNG or JPEG, up to 10 MB"), max_length=200,
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/png,image/jpeg"}),
    )  # fmt: skip


class CertifyForm(forms.Form):
    """Certify."""

    version = forms.CharField(max_length=10, widget=forms.HiddenInput)
    agreed = forms.BooleanField(label=_("I certify this for the organisation"))


class MandateForm(forms.Form):
    """Let a telemarketer call on one's behalf."""

    telemarketer = forms.CharField(label=_("Account number of the telemarketer"), max_length=20, help_text=_CODE_HINT)
    from_date = forms.DateField(label=_("From"), widget=_DateInput())
    until_date = forms.DateField(
        label=_("Until"), required=False, widget=_DateInput(), help_text=_("The first day without it; empty for no end.")
    )  # fmt: skip


class NumbersForm(forms.Form):
    """Declare numbers that one calls from."""

    first = forms.CharField(
        label=_("Number, or the first of a series"), max_length=64, help_text=_("With + and the country code"),
        widget=PhoneInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    last = forms.CharField(
        label=_("Last number of the series"), max_length=64, required=False, widget=PhoneInput(attrs={"autocomplete": "off"})
    )  # fmt: skip
    operator = forms.CharField(label=_("Account number of your operator"), max_length=20, help_text=_CODE_HINT)
    from_date = forms.DateField(label=_("From"), widget=_DateInput())
    until_date = forms.DateField(
        label=_("Until"), required=False, widget=_DateInput(), help_text=_("The first day without them; empty for no end.")
    )  # fmt: skip


class ReasonForm(forms.Form):
    """A reason."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class AnswerForm(forms.Form):
    """An operator's refusal."""

    reason = forms.CharField(
        label=_("Why you cannot confirm it"), max_length=500, help_text=_("The organisation reads it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip


class DecisionForm(forms.Form):
    """What the authority decides."""

    outcome = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect, choices=(
        (Decision.Outcome.VERIFIED.value, _("Verified: it may use the register")),
        (Decision.Outcome.MORE.value, _("More information wanted")),
        (Decision.Outcome.REFUSED.value, _("Refused: it may not use the register")),
    ))  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=2000, help_text=_("The organisation reads it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    remedy = forms.CharField(
        label=_("What it can do"), max_length=2000, required=False,
        help_text=_("Needed unless it is verified: what to add or to put right, and how to object."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Ask for a remedy where something is refused."""
        data = super().clean() or {}
        if data.get("outcome") != Decision.Outcome.VERIFIED and not str(data.get("remedy", "")).strip():
            self.add_error("remedy", forms.ValidationError(_("Say what it can do."), code="decision.remedy"))
        return data


class InviteForm(forms.Form):
    """Invite the first who acts for an organisation that the authority entered."""

    email = forms.EmailField(
        label=_("E-mail address of the first who acts for it"), max_length=254,
        help_text=_("We send an invitation there. Who accepts it invites the others."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip


class EnterForm(InviteForm):
    """Enter an organisation that does not join by itself.

    Args:
        with_authorities: whether who fills it in may enter further authorities too.
    """

    kind = forms.ChoiceField(label=_("What it is"), widget=forms.RadioSelect)
    name = forms.CharField(label=_("Name of the organisation"), max_length=200)
    country = forms.ChoiceField(label=_("Country where it is registered"), choices=countries)
    legal_id = forms.CharField(
        label=_("Legal id"), max_length=64, required=False, help_text=_("Its number in the register of companies.")
    )  # fmt: skip
    field_order = ("kind", "name", "country", "legal_id", "email")

    def __init__(self, *args: Any, with_authorities: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [kind for kind in ENTERED if with_authorities or kind != Organisation.Kind.AUTHORITY]
        self.fields["kind"] = forms.ChoiceField(
            label=_("What it is"),
            widget=forms.RadioSelect,
            choices=_written_large((kind.value, kind.label) for kind in kinds),
        )


class SuspensionForm(forms.Form):
    """Suspend an organisation."""

    reason = forms.CharField(
        label=_("Reason"), max_length=2000, help_text=_("The organisation reads it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    remedy = forms.CharField(
        label=_("What it can do"), max_length=2000,
        help_text=_("What has to happen before it is lifted, and how to object."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


class BarForm(forms.Form):
    """Bar a firm or a person."""

    what = forms.ChoiceField(label=_("What is barred"), choices=lambda: _written_large(Bar.What.choices))
    value = forms.CharField(label=_("Legal id, e-mail address or name"), max_length=254)
    country = forms.ChoiceField(label=_("Country of the legal id"), choices=countries, required=False)
    until_date = forms.DateField(
        label=_("Until"), required=False, widget=_DateInput(), help_text=_("The first day without it; empty for no end.")
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
