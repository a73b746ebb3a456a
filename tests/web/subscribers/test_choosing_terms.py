"""What an entry covers, as it is chosen on the page: one meaning, and nothing lost on the way."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.test import Client

from quietline.web.base.clock import now
from quietline.web.publishing.operations import found_register, list_number
from quietline.web.publishing.queries import do_not_call_register, standing_entry
from quietline.web.subscribers.forms import TermsForm
from quietline.web.subscribers.line_sessions import COOKIE, open_session
from quietline.web.subscribers.terms import BANDS, CATEGORIES, CHANNELS, DAYS, MODES, allowed, described, terms_from

KEY = 12125550123
OFFERED = {"channels": CHANNELS, "categories": CATEGORIES, "modes": MODES, "bands": BANDS, "days": DAYS}
EACH = [f"{axis}={value}" for axis, choices in OFFERED.items() for value, _label in choices]


def sent(form):
    """What a browser sends of a form that is left as it is."""
    data = QueryDict(mutable=True)
    for field in form:
        value = field.value()
        if value:
            data.setlist(field.html_name, value if isinstance(value, list) else [value])
    return data


def saved(data):
    form = TermsForm(data)
    assert form.is_valid(), form.errors
    return form.cleaned_data["terms"]


def ticked(**chosen):
    data = QueryDict(mutable=True)
    for axis, values in chosen.items():
        data.setlist(axis, values)
    return data


@pytest.mark.parametrize("axis", OFFERED)
def test_all_of_an_axis_is_the_whole_entry(axis):
    everything = [value for value, _label in OFFERED[axis]]
    other = {"days": ["36"]} if axis != "days" else {"channels": ["voice"]}
    assert terms_from({axis: everything, **other}) == ""
    assert terms_from({axis: everything[:-2], **other}) != ""
    assert saved(ticked(**{axis: everything, **other})) == ""


def test_nothing_is_everything_and_the_seven_days_are_all_days():
    assert terms_from({}) == terms_from({"channels": []}) == ""
    assert terms_from({"days": ["31", "32", "33", "34", "35", "36", "37"]}) == ""
    assert terms_from({"categories": ["0", "2"]}) == ""
    assert terms_from({"channels": ["text", "voice", "text"], "categories": ["2"]}) == "categories=2; channels=text,voice"


@pytest.mark.parametrize(
    "terms",
    ["", *EACH, "categories=2; channels=text", "bands=21,29; days=36,37; modes=11,13", "channels=fax,voice; days=mon"],
)
def test_a_form_that_is_saved_as_it_was_opened_changes_nothing(terms):
    assert saved(sent(TermsForm.of(terms))) == terms


def test_ways_of_calling_are_offered_where_an_entry_has_some_and_can_be_taken_out():
    assert "modes" not in TermsForm.of("channels=voice").fields
    form = TermsForm.of("categories=2; modes=11,13")
    assert "modes" in form.fields
    data = sent(form)
    data.setlist("modes", ["13"])
    assert saved(data) == "categories=2; modes=13"
    del data["modes"]
    assert saved(data) == "categories=2"


def test_what_is_carried_through_the_form_cannot_be_made_up():
    data = sent(TermsForm.of("channels=fax"))
    data["others"] = data["others"] + "x"
    form = TermsForm(data)
    assert not form.is_valid()
    assert "others" in form.errors


def test_it_is_said_that_any_of_them_is_blocked_and_what_stays_allowed():
    rows = described("categories=2; channels=recorded,text")
    assert [row["label"] for row in rows] == ["Blocked businesses", "Blocked kinds of calls"]
    assert rows[1]["value"] == "Recorded and automatic calls, Text messages"
    assert rows[1]["hint"].startswith("Any of these is blocked. Still allowed is only what fits each of these: ")
    assert rows[1]["hint"].endswith("Food and drink; Calls by people.")
    assert allowed("channels=text") == "Still allowed: Calls by people or Recorded and automatic calls."
    assert allowed("days=38") == (
        "Still allowed: Monday or Tuesday or Wednesday or Thursday or Friday or Saturday or Sunday."
    )
    assert described("") == described("channels=recorded,text,voice; days=36") == []
    assert allowed("") == "No unwanted call or text stays allowed."


@pytest.mark.django_db
def test_the_page_says_it_and_keeps_what_a_text_message_chose():
    register = found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=now())
    at = now() - timedelta(days=1)
    list_number(register=register, key=KEY, since_date=at.date(), terms="categories=2; modes=11,13", assurance="code", at=at)
    client = Client()
    client.cookies[COOKIE] = open_session(key=KEY, assurance="code", at=now() - timedelta(minutes=1))
    page = client.get("/my-number/terms/").content.decode()
    assert "Any of these is blocked" in page
    assert "Still allowed is only what fits each of these" in page
    assert page.count('name="modes"') == len(MODES)
    # property goes, weekends come, and the modes are sent along as they were ticked
    client.post("/my-number/terms/", {"modes": ["11", "13"], "days": ["36", "37"]})
    assert standing_entry(do_not_call_register("US"), KEY).terms == "days=36,37; modes=11,13"
    status = client.get("/my-number/").content.decode()
    assert "Any of these is blocked" in status
    client.post("/my-number/terms/", {"channels": ["voice", "recorded", "text"], "categories": ["2"]})
    assert standing_entry(do_not_call_register("US"), KEY).terms == ""
