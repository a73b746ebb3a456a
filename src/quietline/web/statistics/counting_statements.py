"""The statements that count days. Each inserts the rows of some measures for the days from ``first`` to ``last``.

Days are days in UTC. Prefixes: of numbers of the North American plan the area code; of Chinese numbers 95, 96, 400, 106,
170 and 171 (the numbers that calls for sale come from), everything else ``other``; of other countries none are told apart.
95 and 96 begin Chinese numbers of at most eight digits; behind 951 to 955 there are area codes with ten or more. 106 begins
numbers of text messages; ten digits that begin with it are a line in Beijing.
"""

# ruff: noqa: S608 - everything that is put together stands in this file; values are parameters
from __future__ import annotations

__all__ = ["COUNTING", "PREFIX"]

_INTO = 'INSERT INTO statistics_dailycount (day, measure, country, "group", count) '
_DAY_OF = "({} AT TIME ZONE 'UTC')::date"
_IN_DAYS = "{0} >= %(first)s::timestamp AT TIME ZONE 'UTC' AND {0} < %(until)s::timestamp AT TIME ZONE 'UTC'"

PREFIX = """CASE
 WHEN caller_key IS NULL THEN ''
 WHEN caller_key BETWEEN 12000000000 AND 19999999999 THEN (caller_key / 10000000 - 1000)::text
 WHEN country <> 'CN' THEN 'other'
 WHEN caller_key BETWEEN 8695000 AND 8696999 OR caller_key BETWEEN 86950000 AND 86969999
   OR caller_key BETWEEN 869500000 AND 869699999 OR caller_key BETWEEN 8695000000 AND 8696999999
   THEN substr(caller_key::text, 3, 2)
 WHEN caller_key BETWEEN 864000000000 AND 864009999999 THEN '400'
 WHEN caller_key::text LIKE '86106%%' AND length(caller_key::text) <> 12 THEN '106'
 WHEN caller_key BETWEEN 8617000000000 AND 8617199999999 THEN substr(caller_key::text, 3, 3)
 ELSE 'other' END"""
"""First digits of the caller's number of a row of reports; with doubled per cent signs, as in a statement with values."""

_REPORTS = f"""{_INTO}
WITH told AS (
 SELECT {_DAY_OF.format("reported_at")} AS day, country, subject, region, {PREFIX} AS prefix,
  CASE is_recorded WHEN true THEN 'recorded' WHEN false THEN 'live' ELSE 'unknown' END AS kind, count(*) AS n
 FROM complaints_report WHERE withdrawn_at IS NULL AND {_IN_DAYS.format("reported_at")} GROUP BY 1, 2, 3, 4, 5, 6)
SELECT day, 'reports-kind', country, kind, sum(n) FROM told GROUP BY 1, 3, 4
UNION ALL SELECT day, 'reports-subject', country, subject, sum(n) FROM told GROUP BY 1, 3, 4
UNION ALL SELECT day, 'reports-region', country, region, sum(n) FROM told GROUP BY 1, 3, 4
UNION ALL SELECT day, 'reports-prefix', country, prefix, sum(n) FROM told GROUP BY 1, 3, 4
"""

_LISTED = f"""{_INTO}
SELECT day, 'listed', country, '', sum(n) FROM (
 SELECT {_DAY_OF.format("e.listed_at")} AS day, r.country, count(*) AS n
 FROM publishing_entry e JOIN publishing_register r ON r.id = e.register_id
 WHERE r.kind = 'do-not-call' AND r.owner_id IS NULL AND {_IN_DAYS.format("e.listed_at")} GROUP BY 1, 2
 UNION ALL SELECT {_DAY_OF.format("i.at")}, r.country, sum(i.count)
 FROM publishing_import i JOIN publishing_register r ON r.id = i.register_id
 WHERE r.kind = 'do-not-call' AND r.owner_id IS NULL AND {_IN_DAYS.format("i.at")} GROUP BY 1, 2) began
GROUP BY 1, 3 HAVING sum(n) > 0
"""

# the first entry of a number takes the place of its row of an import, which so ends on that day
_ENDED = f"""{_INTO}
SELECT day, 'ended', country, '', sum(n) FROM (
 SELECT {_DAY_OF.format("e.ended_at")} AS day, r.country, count(*) AS n
 FROM publishing_entry e JOIN publishing_register r ON r.id = e.register_id
 WHERE r.kind = 'do-not-call' AND r.owner_id IS NULL AND {_IN_DAYS.format("e.ended_at")} GROUP BY 1, 2
 UNION ALL SELECT {_DAY_OF.format("e.listed_at")}, r.country, count(DISTINCT (b.id, i.key))
 FROM publishing_entry e JOIN publishing_register r ON r.id = e.register_id
 JOIN publishing_imported i ON i.key = e.key JOIN publishing_import b ON b.id = i.bulk_id AND b.register_id = r.id
 WHERE r.kind = 'do-not-call' AND r.owner_id IS NULL AND {_IN_DAYS.format("e.listed_at")} AND b.at <= e.listed_at
  AND NOT EXISTS (SELECT 1 FROM publishing_entry f WHERE f.register_id = e.register_id AND f.key = e.key AND f.id < e.id)
 GROUP BY 1, 2) over
GROUP BY 1, 3 HAVING sum(n) > 0
"""

# who had the number at the moment of the seal: the latest porting counts before the range that it lies in
_SHUT = f"""{_INTO}
WITH numbers AS (
 SELECT s.sealed_at, s.country, generate_series(s.first_key, s.last_key) AS key
 FROM seals_seal s WHERE {_IN_DAYS.format("s.sealed_at")})
SELECT {_DAY_OF.format("n.sealed_at")}, 'shut', n.country, coalesce(o.kind, 'unknown'), count(*)
FROM numbers n
LEFT JOIN LATERAL (SELECT operator_id FROM operators_portednumber p WHERE p.key = n.key AND p.ported_at <= n.sealed_at
 ORDER BY p.ported_at DESC LIMIT 1) ported ON true
LEFT JOIN LATERAL (SELECT operator_id FROM operators_numberrange g
 WHERE g.first_key <= n.key AND g.last_key >= n.key AND g.since_date <= {_DAY_OF.format("n.sealed_at")}
 AND (g.until_date IS NULL OR g.until_date > {_DAY_OF.format("n.sealed_at")}) LIMIT 1) given ON true
LEFT JOIN accounts_organisation o ON o.id = coalesce(ported.operator_id, given.operator_id)
GROUP BY 1, 3, 4
"""

_SEALS = f"""{_INTO}
SELECT {_DAY_OF.format("sealed_at")}, 'seals', country, '', count(*) FROM seals_seal
 WHERE {_IN_DAYS.format("sealed_at")} GROUP BY 1, 3
UNION ALL SELECT {_DAY_OF.format("ended_at")}, 'wrong', country, '', count(*) FROM seals_seal
 WHERE was_wrong AND {_IN_DAYS.format("ended_at")} GROUP BY 1, 3
"""

_OUTCOMES = f"""{_INTO}
SELECT {_DAY_OF.format("closed_at")}, 'outcome', country, outcome, count(*) FROM enforcement_case
 WHERE {_IN_DAYS.format("closed_at")} GROUP BY 1, 3, 4
"""

# an appeal says no country: it is that of the seal, finding, penalty or measure that it is against
_APPEALS = f"""{_INTO}
SELECT {_DAY_OF.format("a.decided_at")}, 'appeal',
 coalesce(s.country, c.country, d.country, e.country, '--'), a.state, count(*)
FROM seals_appeal a
LEFT JOIN seals_seal s ON s.reference = a.subject
LEFT JOIN enforcement_finding f ON f.reference = a.subject LEFT JOIN enforcement_case c ON c.id = f.case_id
LEFT JOIN enforcement_penalty p ON p.reference = a.subject LEFT JOIN enforcement_finding g ON g.id = p.finding_id
LEFT JOIN enforcement_case d ON d.id = g.case_id
LEFT JOIN enforcement_measure m ON m.reference = a.subject LEFT JOIN enforcement_case e ON e.id = m.case_id
WHERE {_IN_DAYS.format("a.decided_at")} GROUP BY 1, 3, 4
"""

# whole hours, rounded up, from when it was told to when it first reached the stage
_HOURS = f"""{_INTO}
SELECT {_DAY_OF.format("reached.at")}, 'hours', r.country,
 reached.to_state || ':' || ceil(extract(epoch FROM reached.at - c.at) / 3600)::bigint, count(*)
FROM (SELECT complaint_id, to_state, min(at) AS at FROM complaints_complaintact
 WHERE to_state IN ('validated', 'in-case', 'answered') GROUP BY 1, 2) reached
JOIN complaints_complaint c ON c.id = reached.complaint_id JOIN complaints_report r ON r.id = c.report_id
WHERE {_IN_DAYS.format("reached.at")} AND reached.at >= c.at GROUP BY 1, 3, 4
"""

COUNTING: tuple[str, ...] = (_REPORTS, _LISTED, _ENDED, _SHUT, _SEALS, _OUTCOMES, _APPEALS, _HOURS)
"""One after the other, with ``first``, ``last`` and ``until``, the day after it."""
