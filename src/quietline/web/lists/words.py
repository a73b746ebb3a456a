"""Forms of lists and outcomes of tracing, in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from quietline.web.lists.models import ListFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quietline.marks import Way

__all__ = ["bound_in_words", "form_help", "shown_area", "way_in_words"]

_NEGLIGIBLE = 1e-6


def shown_area(area: str) -> str:
    """Write an area as people know it: ``+1 212`` or ``+44``."""
    return f"+1 {area[1:]}" if area.startswith("1") and len(area) > 1 else f"+{area}"


def form_help(forms: Iterable[ListFile.Form]) -> list[dict[str, str]]:
    """Describe forms: value, label and what it is good for."""
    helps = {
        ListFile.Form.FLAT: _("One number a line, area code, comma, number, as the FTC's download site has it; zipped."),
        ListFile.Form.XML: _("The same in XML, as the FTC and the CRTC have it; zipped."),
        ListFile.Form.CSV: _("A table with a header, numbers in full with + and calling code; zipped."),
        ListFile.Form.REGISTER: _("For the command quietline wash: checked by its own checksums, and the fastest to use."),
    }
    return [{"value": form.value, "label": str(form.label), "help": helps[form]} for form in forms]


def way_in_words(way: Way) -> str:
    """Say how a leak came about."""
    if way.name == "joined":
        return _("%(count)s lists joined") % {"count": way.sources}
    if way.name == "mixed":
        return _("lines of %(count)s lists mixed") % {"count": way.sources}
    if way.name == "common":
        return _("what %(count)s lists have in common") % {"count": way.sources}
    return _("one list")


def bound_in_words(bound: float) -> str:
    """Say how likely it is that anybody who had no part in a leak looks like this."""
    if bound >= 1:
        return _("says nothing")
    if bound < _NEGLIGIBLE:
        return _("below 1 in a million")
    return _("below %(percent)s %%") % {"percent": f"{100 * bound:.2g}"}
