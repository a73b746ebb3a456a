"""What the description promises is what the interface does: Schemathesis asks each operation a few dozen things."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as effort
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup

from quietline.web.base.clock import now

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
_EXAMPLES = 30
# a description says what a telephone number, a code or a cursor looks like, but only asking shows whether it holds; and the
# limits on codes are there to be met by somebody who asks as often as this test
_REFUSALS = [422, 429, 403, 404, 409]


@pytest.fixture
def described(register, organisation, monkeypatch):
    from quietline.web.api import limits
    from quietline.web.base.limits import Limit
    from quietline.web.subscribers.line_sessions import open_session
    from quietline.web.subscribers.numbers import read_line
    from quietline.web.subscribers.proving import request_codes

    monkeypatch.setattr(limits, "LIMITS", {name: Limit(x.name, 100_000, x.seconds) for name, x in limits.LIMITS.items()})
    token = open_session(key=12125550123, assurance="code", at=now())
    line = read_line("+12125550123", countries=("US",), only_fictitious=True)
    request_codes(lines=[line], purpose="list", language="en", client="203.0.113.9", at=now())
    authority = organisation("authority", "Office for Quiet Lines")
    config = SchemathesisConfig.from_dict(
        {
            "checks": {
                "positive_data_acceptance": {"expected-statuses": ["2xx", *_REFUSALS]},
                "negative_data_rejection": {"expected-statuses": [400, 401, 404, 405, 415, 422, 429, 403]},
            }
        }
    )
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application(), config=config)
    return schema, {"Authorization": authority.bearer["Authorization"], "Line-Token": token}


def test_every_operation_keeps_its_description(described):
    schema, headers = described
    asked, findings = 0, []
    for result in schema.get_all_operations():
        operation = result.ok()
        given = {name: value for name, value in headers.items() if name in _wanted(operation)}
        try:
            _ask(operation, given)
        except FailureGroup as error:
            findings.append(f"{operation.method} {operation.path}: {error}")
        asked += 1
    assert not findings, "\n\n".join(findings)
    assert asked > 15


def _wanted(operation):
    schemes = {name for each in operation.definition.raw.get("security", []) for name in each}
    return {"Line-Token"} if "LineToken" in schemes else {"Authorization"} if schemes else set()


def _ask(operation, headers):
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
        case.call_and_validate(headers=headers)

    ask()
