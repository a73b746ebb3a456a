"""Rules of the journal that the database keeps itself, whatever program writes to it: statements of the migration.

* An entry balances: when a transaction ends, its debits equal its credits, and it has two lines at least.
* What was booked, billed or paid back is neither altered nor deleted.
"""

from __future__ import annotations

__all__ = ["APPLY", "TAKE_BACK"]

_BALANCE = """
CREATE FUNCTION subscriptions_journal_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    which bigint;
    debits numeric;
    credits numeric;
    lines integer;
BEGIN
    IF TG_TABLE_NAME = 'subscriptions_journalentry' THEN which := NEW.id; ELSE which := NEW.entry_id; END IF;
    SELECT coalesce(sum(debit), 0), coalesce(sum(credit), 0), count(*) INTO debits, credits, lines
        FROM subscriptions_journalline WHERE entry_id = which;
    IF lines < 2 OR debits <> credits THEN
        RAISE EXCEPTION 'journal entry % does not balance: % lines, debits %, credits %', which, lines, debits, credits
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER subscriptions_entry_balances AFTER INSERT ON subscriptions_journalentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION subscriptions_journal_balances();
CREATE CONSTRAINT TRIGGER subscriptions_line_balances AFTER INSERT ON subscriptions_journalline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION subscriptions_journal_balances();
"""
_UNCHANGED = """
CREATE FUNCTION subscriptions_unchanging() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never altered or deleted', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
_TABLES = ("bill", "refund", "journalentry", "journalline")

APPLY = (
    _BALANCE
    + _UNCHANGED
    + "".join(
        f"CREATE TRIGGER subscriptions_{table}_unchanging BEFORE UPDATE OR DELETE ON subscriptions_{table}\n"
        f"    FOR EACH ROW EXECUTE FUNCTION subscriptions_unchanging();\n"
        for table in _TABLES
    )
)
"""Makes the rules."""

TAKE_BACK = (
    "".join(f"DROP TRIGGER subscriptions_{table}_unchanging ON subscriptions_{table};\n" for table in _TABLES)
    + "DROP TRIGGER subscriptions_line_balances ON subscriptions_journalline;\n"
    + "DROP TRIGGER subscriptions_entry_balances ON subscriptions_journalentry;\n"
    + "DROP FUNCTION subscriptions_unchanging();\nDROP FUNCTION subscriptions_journal_balances();\n"
)
"""Removes them."""
