"""The look of forms: every field of every form is labelled, hinted and marked for errors in one way.

``FORM_RENDERER = "quietline.web.base.forms_look.QuietlineRenderer"`` puts it to work for ``{{ form.as_div }}``,
``{{ form }}`` and ``{{ field.as_field_group }}``. Forms that name templates of their own keep them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django.forms
from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import DjangoTemplates
from django.forms.widgets import Input
from django.template.backends.django import DjangoTemplates as Backend
from django.utils.functional import cached_property

__all__ = ["CodeInput", "LookedField", "PhoneInput", "QuietlineRenderer"]

_CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.HiddenInput, ""),
    (forms.MultipleHiddenInput, ""),
    (forms.CheckboxSelectMultiple, "usa-checkbox__input usa-checkbox__input--tile"),
    (forms.RadioSelect, "usa-radio__input usa-radio__input--tile"),
    (forms.CheckboxInput, "usa-checkbox__input usa-checkbox__input--tile"),
    (forms.Select, "usa-select"),
    (forms.SelectDateWidget, "usa-select"),
    (forms.Textarea, "usa-textarea"),
    (forms.FileInput, "usa-input ql-input--file"),
    (Input, "usa-input"),
    (forms.MultiWidget, "usa-input"),
)


class PhoneInput(forms.TelInput):
    """A field for one's telephone number: the keypad on a phone, and the number the device knows."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        standard = {"autocomplete": "tel", "class": "ql-input--phone", "maxlength": 32}
        super().__init__({**standard, **(attrs or {})})


class CodeInput(forms.TextInput):
    """A field for a one-time code: digits on a phone, offered from the message where the device can.

    It is never filled in again after an error (HTML Standard, ``autocomplete=one-time-code``; WCAG 2.2, 1.3.5, 3.3.8).
    """

    def __init__(self, attrs: dict[str, Any] | None = None, length: int = 8) -> None:
        standard = {
            "autocomplete": "one-time-code",
            "class": "ql-input--code",
            "inputmode": "numeric",
            "maxlength": length + length // 2,  # people type spaces
            "spellcheck": "false",
        }
        super().__init__({**standard, **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        """Show nothing: a code is typed once."""
        return None


class LookedField(BoundField):
    """A bound field whose control carries the classes of the theme and names its hint and its error."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        """Add the theme's classes to those that the widget has."""
        widget = widget or self.field.widget
        built = dict(super().build_widget_attrs(attrs, widget))
        look = next((classes for kind, classes in _CLASSES if isinstance(widget, kind)), "")
        own = built.get("class") or widget.attrs.get("class") or ""
        if classes := " ".join(part for part in (look, str(own)) if part):
            built["class"] = classes
        return built

    @property
    def control(self) -> str:
        """What kind of control the template has to lay out: ``checkbox``, ``group`` or ``plain``."""
        if isinstance(self.field.widget, forms.CheckboxInput):
            return "checkbox"
        return "group" if self.use_fieldset else "plain"


class QuietlineRenderer(DjangoTemplates):
    """Renders forms with the templates of this room, then those of the apps, then Django's own."""

    bound_field_class = LookedField

    @cached_property
    def engine(self) -> Backend:
        """Build the engine; its folders come before those of the apps."""
        ours = Path(__file__).parents[1] / "site" / "templates"
        djangos = Path(django.forms.__file__).parent / "templates"
        return Backend({"APP_DIRS": True, "DIRS": [ours, djangos], "NAME": "quietline_forms", "OPTIONS": {}})
