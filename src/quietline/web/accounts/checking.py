"""Are rights what the proven changes of rights say? For ``ledger verify --database``; what is compared lies in tables.

Names of tables and columns stand here on purpose, as in :mod:`quietline.web.proofs.entries`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.errors import ReceiptError
from quietline.web.accounts.changes import sha256_of
from quietline.web.accounts.models import ApiKey, Organisation, RoleChange
from quietline.web.proofs.rows import found_rows

if TYPE_CHECKING:
    from quietline.web.proofs.findings import Findings

__all__ = ["check_rights"]

# each membership against what granted it and what ended it
_MEMBERSHIPS = """
SELECT coalesce(m.id, g.subject), m.id IS NULL, g.subject IS NULL, concat_ws(', ',
    CASE WHEN m.person_id <> g.person_id THEN 'person' END,
    CASE WHEN m.organisation_id <> g.organisation_id THEN 'organisation' END,
    CASE WHEN m.role <> g.role THEN 'role' END,
    CASE WHEN m.since_at <> g.at THEN 'since_at' END,
    CASE WHEN m.ended_at IS DISTINCT FROM e.at THEN 'ended_at' END)
FROM accounts_membership m
FULL JOIN (SELECT * FROM accounts_rolechange WHERE act = 'granted') AS g ON g.subject = m.id
LEFT JOIN (SELECT subject, min(at) AS at FROM accounts_rolechange WHERE act = 'ended' GROUP BY subject) AS e
  ON e.subject = m.id
WHERE m.id IS NULL OR g.subject IS NULL OR m.person_id <> g.person_id OR m.organisation_id <> g.organisation_id
   OR m.role <> g.role OR m.since_at <> g.at OR m.ended_at IS DISTINCT FROM e.at
ORDER BY 1
"""
# each organisation against the last act that said whether it may act
_STATES = """
SELECT o.id FROM accounts_organisation o
LEFT JOIN (SELECT DISTINCT ON (organisation_id) organisation_id, act FROM accounts_rolechange
           WHERE act IN ('verified', 'suspended', 'reinstated', 'closed') ORDER BY organisation_id, id DESC) AS l
  ON l.organisation_id = o.id
WHERE o.state <> CASE WHEN l.act IS NULL THEN 'applied' WHEN l.act = 'reinstated' THEN 'verified' ELSE l.act END
ORDER BY o.id
"""
# each key against what made it and what revoked it
_KEYS = """
SELECT coalesce(k.id, m.subject), k.id IS NULL, m.subject IS NULL
FROM accounts_apikey k
FULL JOIN (SELECT * FROM accounts_rolechange WHERE act = 'key-made') AS m ON m.subject = k.id
LEFT JOIN (SELECT subject, min(at) AS at FROM accounts_rolechange WHERE act = 'key-revoked' GROUP BY subject) AS r
  ON r.subject = k.id
WHERE k.id IS NULL OR m.subject IS NULL OR k.organisation_id <> m.organisation_id OR k.revoked_at IS DISTINCT FROM r.at
ORDER BY 1
"""


def check_rights(findings: Findings) -> None:
    """Compare memberships, organisations and keys of programs with the changes of rights, each of which has a leaf.

    Finds ``right-differs`` and ``right-missing``. Organisations and keys of earlier releases are compared without what
    they were made as, which their changes do not say.
    """
    for membership, is_gone, is_unsaid, differing in found_rows(_MEMBERSHIPS):
        _add(findings, "membership", membership, is_gone=is_gone, is_unsaid=is_unsaid, differing=differing)
    for (organisation,) in found_rows(_STATES):
        _add(findings, "organisation", organisation, differing="state")
    for key, is_gone, is_unsaid in found_rows(_KEYS):
        _add(findings, "key", key, is_gone=is_gone, is_unsaid=is_unsaid, differing="organisation, revoked_at")
    _check_made(findings)


def _add(
    findings: Findings, kind: str, record: int, *, differing: str, is_gone: bool = False, is_unsaid: bool = False
) -> None:
    if is_gone:
        findings.add("right-missing", kind, record, "a change of rights made it, and it is not in the table")
    elif is_unsaid:
        findings.add("right-differs", kind, record, "no change of rights made it")
    else:
        findings.add("right-differs", kind, record, f"{differing}: not as the changes of rights say")


def _check_made(findings: Findings) -> None:
    made = RoleChange.objects.exclude(made_sha256="").values_list("made_sha256", flat=True)
    act = RoleChange.Act
    keys = dict(made.filter(act=act.KEY_MADE).values_list("subject", "made_sha256"))
    for key in ApiKey.objects.filter(pk__in=[pk for pk in keys if pk is not None]).order_by("pk").iterator():
        if not _is_made(key, keys[key.pk]):
            _add(findings, "key", key.pk, differing="what it opens, or its secret")
    bodies = dict(made.filter(act=act.FOUNDED).values_list("organisation", "made_sha256"))
    for body in Organisation.objects.filter(pk__in=bodies).order_by("pk").iterator():
        if not _is_made(body, bodies[body.pk]):
            _add(findings, "organisation", body.pk, differing="code, kind")


def _is_made(row: ApiKey | Organisation, wanted: str) -> bool:
    try:
        return sha256_of(row) == wanted
    except (TypeError, ValueError, ReceiptError):  # a row that no operation could have written
        return False
