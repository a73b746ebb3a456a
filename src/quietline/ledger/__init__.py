"""Proofs: Merkle trees, signing keys, signed documents.

* :mod:`quietline.ledger.merkle`: one hash for a whole list; proofs for one entry and for growth.
* :mod:`quietline.ledger.receipts`: JSON documents that carry their signature.
* :mod:`quietline.ledger.salts`: the salts of a receipt's leaves, from one secret.
* :mod:`quietline.ledger.signing`: Ed25519 keys in files, made, loaded, rotated.

Nothing is imported here, so that a command which needs no signature does not wait for the cryptography
library.
"""

from __future__ import annotations

__all__: list[str] = []
