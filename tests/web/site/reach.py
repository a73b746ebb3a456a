"""Which roles the access table names for each address that is not for everybody who is signed in.

Written down a second time, as OPEN of test_access.py is: who changes a rule changes it here, too, and sees what that opens.
"""

from __future__ import annotations

__all__ = ["OF_AGENCIES", "REACH"]

_NAMED = {
    "representative operator reseller administrator": """
        accounts:invite accounts:revoke_invitation accounts:end_membership accounts:keys accounts:revoke_key
        accounts:end_outlet sellers:profile sellers:proofs sellers:proof sellers:remove_proof sellers:certify
        sellers:send sellers:mandates sellers:mandates_csv sellers:accept_mandate sellers:end_mandate
        sellers:numbers sellers:numbers_csv sellers:end_numbers sellers:asked sellers:asked_csv sellers:answer
        subscriptions:list_size subscriptions:cancel subscriptions:card subscriptions:choose subscriptions:price
        emulators:home emulators:accounts_csv emulators:australia emulators:singapore emulators:end
    """,
    "operator": """
        operators:home operators:lines operators:lines_csv operators:take_back
    """,
    "operator reseller investigator supervisor administrator": """
        reports:bulk
    """,
    "investigator supervisor": """
        triage:queue triage:queue_csv triage:one triage:join_again triage:establish triage:look
        triage:attachment triage:clusters triage:clusters_csv triage:cluster triage:cluster_csv triage:decide
        triage:number triage:files triage:quality triage:quality_csv triage:quality_json enforcement:bulk
        enforcement:open enforcement:template_review enforcement:template_write enforcement:reporter
        enforcement:package enforcement:step inquiries:sent_act seals:office_new seals:office_seal_act
        seals:office_appeal_act seals:office_trust_new seals:office_trust_act
    """,
    "investigator supervisor auditor": """
        enforcement:queue enforcement:queue_csv enforcement:templates enforcement:letter enforcement:case
        inquiries:office inquiries:office_csv inquiries:sent inquiries:sent_file seals:office seals:office_seals
        seals:office_seals_csv seals:office_seal seals:office_appeals seals:office_appeal seals:office_trusts
        seals:office_trust washing:alerts washing:alerts_csv
    """,
    "representative downloader seller-auditor": """
        evidence:overview evidence:number evidence:stops evidence:stops_csv evidence:contests evidence:export
        washing:washes washing:washes_csv washing:wash washing:result compliance:audits compliance:audits_csv
        compliance:new_audit compliance:audit compliance:audit_pdf compliance:audit_rules_csv
        compliance:remove_audit compliance:audit_part
    """,
    "representative seller-auditor operator reseller": """
        inquiries:inbox inquiries:inbox_csv inquiries:one inquiries:file
    """,
    "representative operator reseller": """
        inquiries:acknowledge_all inquiries:act seals:trusted_mine
    """,
    "representative downloader": """
        evidence:add evidence:answer evidence:upload evidence:uploaded evidence:problems evidence:accept
        evidence:drop lists:home lists:home_csv lists:area lists:fetch washing:new washing:check washing:drop
    """,
    "supervisor administrator": """
        sellers:queue sellers:queue_csv sellers:bars sellers:lift_bar sellers:enter sellers:case
        sellers:case_proof sellers:invite sellers:suspend sellers:reinstate statistics:desk statistics:propose
        statistics:publish
    """,
    "administrator": """
        subscriptions:books subscriptions:all_orders_csv subscriptions:journal_csv subscriptions:payments
        subscriptions:payment subscriptions:any_bill lists:canaries lists:canaries_csv lists:canaries_of
    """,
    "privacy-officer": """
        lists:leaks
    """,
    "supervisor": """
        washing:lift
    """,
}
"""Addresses by the roles that reach them in an organisation of their own."""
REACH = {name: frozenset(roles.split()) for roles, names in _NAMED.items() for name in names.split()}
"""Roles by the name of an address."""
OF_AGENCIES = {
    "enforcement:referred", "enforcement:referral", "enforcement:referral_fetch", "enforcement:referral_answer",
}  # fmt: skip
"""Addresses that everybody with a role in an agency reaches besides."""
