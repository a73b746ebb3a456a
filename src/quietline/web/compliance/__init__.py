"""Staying lawful: what an organisation has to do next, by which day, and the file that shows that it did.

``duties`` gathers from the rooms below what is due: a certification to renew, lists to refresh, a subscription to renew,
requests to stop to honour, contested claims to answer. ``file`` keeps what the law asks a careful caller to be able to show:
written procedures, trainings, checks (16 CFR 310.4(b)(3); 47 CFR 64.1200(c)(2)(i)); ``documents`` makes one PDF of it.
"""
