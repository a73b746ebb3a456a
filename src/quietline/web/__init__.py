"""The control plane: where people and organisations act. The only room that knows Django.

``python -m quietline.web`` runs its commands; ``quietline up`` starts everything. Facts flow one way, from a page or the
API into an entry, from there into a change, a published register file and a feed; the rooms below never ask a database.
"""
