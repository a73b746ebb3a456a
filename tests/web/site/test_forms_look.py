"""Forms are labelled, hinted and marked for errors in one way."""

from __future__ import annotations

import re

import pytest
from django import forms

from quietline.web.base.forms_look import CodeInput, PhoneInput, QuietlineRenderer
from quietline.web.site.templatetags.quietline_pages import language_tag, page_url, with_columns


class _Everything(forms.Form):
    raw = forms.CharField(label="Number", help_text="As you dial it", widget=PhoneInput(attrs={"class": "extra"}))
    code = forms.CharField(label="Code", widget=CodeInput)
    how = forms.ChoiceField(label="How", help_text="Choose", widget=forms.RadioSelect, choices=[("a", "A"), ("b", "B")])
    what = forms.MultipleChoiceField(
        label="What", required=False, widget=forms.CheckboxSelectMultiple, choices=[("v", "Voice")]
    )
    sure = forms.BooleanField(label="Sure")
    kept = forms.CharField(widget=forms.HiddenInput)


def _html(data: dict[str, str] | None = None) -> str:
    return str(_Everything(data, renderer=QuietlineRenderer()).as_div())


def test_every_control_has_exactly_one_label():
    html = _html()
    controls = re.findall(r'<input(?![^>]*type="hidden")[^>]* id="([^"]+)"', html)
    assert len(controls) == 6
    for control in controls:
        assert html.count(f'for="{control}"') == 1


def test_hint_and_error_are_named_by_the_control_and_exist_once():
    html = _html({"raw": ""})
    described = re.findall(r'aria-describedby="([^"]+)"', html)
    assert "id_raw_helptext id_raw_error" in described
    assert "id_how_helptext id_how_error" in described
    for name in " ".join(described).split():
        assert html.count(f'id="{name}"') == 1


def test_the_list_of_errors_leads_to_each_field_that_exists():
    html = _html({"raw": ""})
    targets = re.findall(r'<a href="#([^"]+)"', html)
    assert targets == ["id_raw", "id_code", "id_how_0", "id_sure"]
    for target in targets:
        assert f'id="{target}"' in html


def test_a_form_without_errors_shows_no_list_of_errors():
    assert "ql-error-summary" not in _html()


def test_a_code_is_never_filled_in_again():
    assert "31415926" not in _html({"raw": "+12125550123", "code": "31415926"})


def test_classes_of_a_widget_are_kept_beside_those_of_the_theme():
    assert 'class="usa-input extra"' in _html()


@pytest.mark.parametrize(("code", "tag"), [("en", "en"), ("zh-hans", "zh-Hans"), ("en-gb", "en-GB")])
def test_language_codes_are_written_as_bcp_47_has_them(code, tag):
    assert language_tag(code) == tag


def test_a_page_that_does_not_exist_has_no_address():
    assert page_url("no:such_page") == ""


def test_a_row_with_too_few_cells_is_refused():
    with pytest.raises(ValueError, match="zip"):
        with_columns(["1"], ["Day", "Times"])
