"""The form that asks for a reference."""

from __future__ import annotations

import re

from django import forms
from django.utils.translation import gettext_lazy as _

__all__ = ["ReferenceForm"]

_REFERENCE = re.compile(r"([A-Z]{2})?([2-9A-HJKMNP-TV-Z]{4})([2-9A-HJKMNP-TV-Z]{4})", re.ASCII)


class ReferenceForm(forms.Form):
    """One reference, as it stands on a certificate; blanks, hyphens and small letters do not matter."""

    reference = forms.CharField(
        label=_("Reference"), max_length=32,
        help_text=_("It stands on your certificate, report, letter or order, such as QL-XXXX-XXXX."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )  # fmt: skip

    def clean_reference(self) -> str:
        """Give the reference in the form in which it is stored."""
        typed = re.sub(r"[\s-]", "", self.cleaned_data["reference"]).upper()
        match = _REFERENCE.fullmatch(typed)
        if match is None:
            raise forms.ValidationError(
                _("A reference looks like QL-XXXX-XXXX. Look at the paper that you have."), code="reference.form"
            )
        return f"{match[1] or 'QL'}-{match[2]}-{match[3]}"
