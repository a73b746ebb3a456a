"""What the description promises is what the interface does: Schemathesis asks each operation a few dozen things.

Each operation is asked by whom it is meant for: an operator reports lines, somebody who may call washes, an authority reads
registers. So what is tested is the operation, and not that a stranger is turned away from it.
"""

from __future__ import annotations

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as effort
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup

from quietline.web.accounts.key_operations import scopes_of
from quietline.web.accounts.models import Scope
from quietline.web.base.clock import now

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
_EXAMPLES = 30
# a description says what a telephone number, a code or a cursor looks like, but only asking shows whether it holds; and the
# limits on codes are there to be met by somebody who asks as often as this test
_REFUSALS = [422, 429, 404, 409]
_WRONG = [400, 401, 404, 405, 415, 422, 429]
_FORBIDS = {
    "/confirm$": "the code is wrong or over",
    "/lists": "the client is none of one's own",
    "/washes$": "the client is none of one's own",
    "/uploads$": "the client is none of one's own",
    "/evidence/": "the client is none of one's own",
    "/iys/": "the client is none of one's own",
}
"""Operations, as ends or parts of their paths, that answer 403 to a good credential with every scope, and why."""
_ASKED_BY = {
    "lines": "operator", "operators": "operator", "complaints": "operator", "seals": "operator",
    "registers": "authority", "washes": "exempt", "uploads": "exempt", "lists": "exempt",
}  # fmt: skip
"""Which kind of organisation an operation is for, by the first part of its path; all others are for sellers."""


@pytest.fixture
def described(register, organisation, monkeypatch):
    from quietline.web.api import limits
    from quietline.web.base.limits import Limit
    from quietline.web.publishing.sequencing import Sequencer
    from quietline.web.sellers.certifying import certify
    from quietline.web.subscribers.line_sessions import open_session
    from quietline.web.subscribers.numbers import read_line
    from quietline.web.subscribers.proving import request_codes
    from quietline.web.washing.copies import advance_copies

    monkeypatch.setattr(limits, "LIMITS", {name: Limit(x.name, 100_000, x.seconds) for name, x in limits.LIMITS.items()})
    monkeypatch.setattr("quietline.web.api.hooks.check_url", lambda url: None)  # no name is looked up here
    token = open_session(key=12125550123, assurance="code", at=now())
    line = read_line("+12125550123", countries=("US",), only_fictitious=True)
    request_codes(lines=[line], purpose="list", language="en", client="203.0.113.9", at=now())
    bearers = {}
    for kind in ("authority", "operator", "seller", "exempt"):
        # with the scope sandbox alone numbers are washed otherwise; beside washes:write it says nothing
        scopes = [str(scope) for scope in scopes_of(kind) if scope != Scope.SANDBOX]
        made = organisation(kind, f"Some {kind}", scopes=scopes)
        bearers[kind] = made.bearer["Authorization"]
        if kind in ("seller", "exempt"):
            certify(organisation=made.row, by=None, at=now())
    Sequencer().step(at=now())
    advance_copies(at=now())
    config = SchemathesisConfig.from_dict(
        {
            **_checks(),
            # the list is not sent by this test, which knows no multipart form with its own length
            "operations": [
                {"include-path-regex": path, **_checks(403, *([411] if "uploads" in path else []))} for path in _FORBIDS
            ],
        }
    )
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application(), config=config)
    return schema, bearers, token


def _checks(*more):
    return {
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", *_REFUSALS, *more]},
            "negative_data_rejection": {"expected-statuses": [*_WRONG, *more]},
        }
    }


def test_every_operation_keeps_its_description(described):
    schema, bearers, token = described
    answered, findings = {}, []
    for result in schema.get_all_operations():
        operation = result.ok()
        what = f"{operation.method.upper()} {operation.path}"
        answered[what] = set()
        try:
            _ask(operation, _headers(operation, bearers, token), answered[what])
        except FailureGroup as error:
            findings.append(f"{what}: {error}")
    assert not findings, "\n\n".join(findings)
    assert len(answered) > 40
    # what was asked got to the operation itself, and was not turned away before it
    turned_away = {what for what, statuses in answered.items() if statuses <= {400, 401, 403, 405, 415, 429}}
    assert not turned_away
    # what is only read, and needs nothing found by its address, was given at least once; what is written wants numbers,
    # codes and files that fit, which the tests of each operation have
    reads = {what: statuses for what, statuses in answered.items() if what.startswith("GET") and "{" not in what}
    assert not {what for what, statuses in reads.items() if 200 not in statuses}


def _headers(operation, bearers, token):
    schemes = {name for each in operation.definition.raw.get("security", []) for name in each}
    if "LineToken" in schemes:
        return {"Line-Token": token}
    part = operation.path.removeprefix("/api/v1/").split("/")[0]
    return {"Authorization": bearers[_ASKED_BY.get(part, "seller")]} if schemes else {}


def _ask(operation, headers, statuses):
    from quietline.web.subscribers.line_sessions import open_session

    cases = operation.as_strategy() | operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE)

    @effort(
        max_examples=_EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=cases)
    def ask(case):
        if case.operation.path.endswith("/line/session"):  # ends the session, so each has its own
            headers["Line-Token"] = open_session(key=12125550123, assurance="code", at=now())
        statuses.add(case.call_and_validate(headers=headers).status_code)

    ask()
