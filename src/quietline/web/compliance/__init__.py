"""Staying lawful: what an organisation has to do next, by which day, and the file that shows that it did.

``duties`` gathers from the rooms below what is due: a certification to renew, lists to refresh, a subscription to renew,
requests to stop to honour, contested claims to answer; ``operations`` warns before a day is missed. ``file`` keeps what the
law asks a careful caller to be able to show: written procedures, trainings, checks (16 CFR 310.4(b)(3);
47 CFR 64.1200(c)(2)(i)); ``documents`` makes one PDF of it.

``audits`` takes a log of past calls in, and ``audit_work`` judges it: ``audit_registers`` says what the registers held on
each day of it, ``audit_versions`` when each number was last washed or fetched before it was called, and ``audit_judging``
lets the library's auditor (:mod:`quietline.audit`) judge calls that are alike in both.
"""
