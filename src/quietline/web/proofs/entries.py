"""Do entries say what their changes say? Compared by the database itself, so that no row travels unless it is wrong.

Names of tables and columns stand here on purpose: what is checked is what lies there, not what a model makes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.proofs.rows import found_rows

if TYPE_CHECKING:
    from quietline.web.proofs.findings import Findings

__all__ = ["check_entries", "check_numbers"]

# what stands for a number by an import alone
_IMPORTED = """EXISTS (SELECT 1 FROM publishing_imported i JOIN publishing_import b ON b.id = i.bulk_id
  WHERE i.key = e.key AND b.register_id = e.register_id AND coalesce(i.since_date, b.list_date) = e.since_date
    AND e.terms = '')"""

_GAPS = """
SELECT before + 1, number - before - 1
FROM (SELECT number, lag(number, 1, 0::bigint) OVER (ORDER BY number) AS before
      FROM publishing_change WHERE number IS NOT NULL) AS numbers
WHERE number <> before + 1 ORDER BY number
"""

# the last word of the changes about each number of each register, against the entry that stands
_STANDING = f"""
WITH last AS (
  SELECT DISTINCT ON (register_id, key) id, register_id, key, operation, entry_id, since_date, terms
  FROM publishing_change WHERE operation IN ('add', 'alter', 'withdraw') AND key IS NOT NULL
  ORDER BY register_id, key, number DESC NULLS FIRST, id DESC)
SELECT e.id, l.entry_id, l.id, l.operation
FROM (SELECT * FROM publishing_entry WHERE ended_at IS NULL) AS e
FULL JOIN last AS l ON l.register_id = e.register_id AND l.key = e.key
WHERE (l.id IS NULL AND NOT (e.assurance = 'import' AND {_IMPORTED}))
   OR (e.id IS NULL AND l.operation <> 'withdraw')
   OR (e.id IS NOT NULL AND l.id IS NOT NULL AND (l.operation = 'withdraw' OR l.entry_id IS DISTINCT FROM e.id))
"""  # noqa: S608 - made of constants

# each change against the entry that it began or ended; changes of earlier releases do not say all of it
_FIELDS = """
SELECT e.id, c.id, concat_ws(', ',
    CASE WHEN e.register_id <> c.register_id THEN 'register' END,
    CASE WHEN c.key IS NOT NULL AND e.key <> c.key THEN 'key' END,
    CASE WHEN c.operation <> 'withdraw' AND e.since_date IS DISTINCT FROM c.since_date THEN 'since_date' END,
    CASE WHEN c.operation <> 'withdraw' AND e.terms <> c.terms THEN 'terms' END,
    CASE WHEN c.operation <> 'withdraw' AND e.listed_at <> c.at THEN 'listed_at' END,
    CASE WHEN c.operation = 'withdraw' AND e.ended_at IS DISTINCT FROM c.at THEN 'ended_at' END,
    CASE WHEN c.assurance <> '' AND e.assurance <> c.assurance THEN 'assurance' END,
    CASE WHEN c.reference <> '' AND e.reference <> c.reference THEN 'reference' END,
    CASE WHEN c.end_reason <> '' AND e.end_reason <> c.end_reason THEN 'end_reason' END) AS differing
FROM publishing_change c JOIN publishing_entry e ON e.id = c.entry_id
WHERE e.register_id <> c.register_id OR (c.key IS NOT NULL AND e.key <> c.key)
   OR (c.operation <> 'withdraw'
       AND (e.since_date IS DISTINCT FROM c.since_date OR e.terms <> c.terms OR e.listed_at <> c.at))
   OR (c.operation = 'withdraw' AND e.ended_at IS DISTINCT FROM c.at)
   OR (c.assurance <> '' AND e.assurance <> c.assurance) OR (c.reference <> '' AND e.reference <> c.reference)
   OR (c.end_reason <> '' AND e.end_reason <> c.end_reason)
"""

# each entry: begun by one change (or an import), and ended by one if it ended
_COUNTS = f"""
SELECT e.id, coalesce(c.begun, 0), coalesce(c.ended, 0)
FROM publishing_entry e
LEFT JOIN (SELECT entry_id, count(*) FILTER (WHERE operation <> 'withdraw') AS begun,
             count(*) FILTER (WHERE operation = 'withdraw') AS ended
           FROM publishing_change WHERE entry_id IS NOT NULL GROUP BY entry_id) AS c ON c.entry_id = e.id
LEFT JOIN (SELECT DISTINCT register_id, key, at FROM publishing_change WHERE operation = 'alter' AND key IS NOT NULL) AS r
  ON e.end_reason = 'changed' AND r.register_id = e.register_id AND r.key = e.key AND r.at = e.ended_at
WHERE c.begun > 1
   OR (coalesce(c.begun, 0) = 0 AND NOT (e.assurance = 'import' AND {_IMPORTED}))
   OR coalesce(c.ended, 0) > 1
   OR (e.ended_at IS NOT NULL AND coalesce(c.ended, 0) = 0 AND r.at IS NULL)
   OR (e.ended_at IS NULL AND e.end_reason <> '')
"""  # noqa: S608 - made of constants


def check_numbers(findings: Findings) -> int:
    """Check that the changes are numbered 1, 2, 3, ...; give the last number.

    Finds ``number-missing``.
    """
    for first, count in found_rows(_GAPS):
        findings.add(
            "number-missing",
            "change",
            None,
            f"no change has number {first}" + (f" nor the {count - 1} behind it" if count > 1 else ""),
        )
    return int(next(found_rows("SELECT coalesce(max(number), 0) FROM publishing_change"))[0])


def check_entries(findings: Findings) -> None:
    """Compare entries with changes.

    Finds ``entry-differs`` and ``entry-missing``.
    """
    for entry, change, differing in found_rows(_FIELDS):
        findings.add("entry-differs", "entry", entry, f"{differing} (by change {change})")
    for entry, begun, ended in found_rows(_COUNTS):
        findings.add("entry-differs", "entry", entry, f"{begun} changes begin it and {ended} end it")
    for entry, said, change, operation in found_rows(_STANDING):
        if entry is None:
            findings.add("entry-missing", "entry", said, f"it stands by change {change}, and not in the table")
        elif change is None:
            findings.add("entry-differs", "entry", entry, "it stands, and no change or import says so")
        else:
            what = "withdrew it" if operation == "withdraw" else f"says that entry {said} stands"
            findings.add("entry-differs", "entry", entry, f"it stands, and change {change} {what}")
