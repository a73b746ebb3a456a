"""Forms of the room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from quietline.web.accounts.key_operations import scopes_of
from quietline.web.accounts.models import ApiKey, Person
from quietline.web.accounts.roles import roles_of

if TYPE_CHECKING:
    from quietline.web.accounts.models import Organisation

__all__ = ["AddPasskeyForm", "InvitationForm", "JoinForm", "KeyForm"]

_DAYS = [("30", _("30 days")), ("90", _("90 days")), ("365", _("one year")), ("730", _("two years"))]


class InvitationForm(forms.Form):
    """Ask somebody to take a role."""

    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )  # fmt: skip
    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [(role.value, role.label) for role in roles_of(organisation.kind)]
        self.fields["role"] = forms.ChoiceField(label=_("Role"), choices=roles)


class JoinForm(forms.Form):
    """Make an account for an invitation."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, help_text=_("Members of your organisation see it."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )  # fmt: skip
    password = forms.CharField(
        label=_("Password"), max_length=1_024, strip=False,
        help_text=_("12 characters at least; a sentence is easy to remember."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email

    def clean_password(self) -> str:
        """Check it against the rules for passwords."""
        password: str = self.cleaned_data["password"]
        validate_password(password, Person(email=self._email, name=self.cleaned_data.get("name", "")))
        return password


class KeyForm(forms.Form):
    """Make a key for a program."""

    title = forms.CharField(label=_("What it is for"), max_length=80, help_text=_("So that you recognise it later."))
    kind = forms.ChoiceField(
        label=_("How it signs in"), choices=ApiKey.Kind.choices, widget=forms.RadioSelect, initial=ApiKey.Kind.KEY
    )
    scopes = forms.MultipleChoiceField(label=_("What it may do"), widget=forms.CheckboxSelectMultiple)
    days = forms.ChoiceField(label=_("Valid for"), choices=_DAYS, initial="365")

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = [(scope.value, scope.label) for scope in scopes_of(organisation.kind)]
        self.fields["scopes"] = forms.MultipleChoiceField(
            label=_("What it may do"), choices=scopes, widget=forms.CheckboxSelectMultiple
        )  # fmt: skip


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """The library's form, with a label that can be translated."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
