"""The demonstration country: invented people, firms and operators, on numbers that belong to nobody.

Everything is made through the same operations as in earnest, so its ledger, feeds and files hold. Numbers come from the
ranges that regulators set aside for stories (555-01XX in North America, Ofcom's drama numbers).
"""
