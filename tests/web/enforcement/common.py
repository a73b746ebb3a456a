"""What the tests of this room share beside fixtures."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from web.complaints.common import AT, DAYS, leaves, report, text

__all__ = ["AT", "DAYS", "found", "leaves", "penalised", "report", "take"]


def found(case, office, *, parties=("caller", "profits"), at=AT):
    """Bring a case to a confirmed finding against each of the parties."""
    from quietline.web.enforcement import findings

    proposed = [
        findings.Proposed(party, findings.calls_of(case), findings.rules_of(case), "Three people, three listed numbers.")
        for party in parties
    ]
    rows = findings.propose_findings(case=case, proposed=proposed, by=office.olga, at=at)
    findings.confirm_findings(case=case, by=office.sven, at=at)
    for row in rows:
        row.refresh_from_db()
    return rows


def penalised(case, office, *, amount=Decimal("9000.00"), at=AT):
    """Bring it on to an imposed penalty on the one who profits."""
    from quietline.web.enforcement import penalties

    _caller, profits = found(case, office, at=at)
    proposal = penalties.proposal_for(profits, assessed=date(2026, 11, 22))
    choice = next(place for place, one in enumerate(proposal.penalties) if one.name == "civil_penalty")
    asked = penalties.Proposed(profits, choice, amount, "The first time.")
    penalties.propose_penalties(case=case, proposed=[asked], assessed=date(2026, 11, 22), by=office.olga, at=at)
    (row,) = penalties.confirm_penalties(case=case, by=office.sven, at=at)
    return row


def take(client, case, name, **values):
    """Fill in the form of a step as a browser does, and follow."""
    from django.urls import reverse

    address = reverse("enforcement:step", args=[case.reference, name])
    page = client.get(address)
    assert page.status_code == 200, text(page)
    version = re.search(r'name="version" value="(\d+)"', text(page))[1]
    answer = client.post(address, {"version": version, **values})
    assert answer.status_code == 302, re.findall(r"usa-error-message.*?</div>|<li>.*?</li>", text(answer), re.DOTALL)
    case.refresh_from_db()
