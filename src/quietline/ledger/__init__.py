"""Proofs: Merkle trees, signing keys, signed documents, signed logs.

* :mod:`quietline.ledger.merkle`: one hash for a whole list; proofs for one entry and for growth.
* :mod:`quietline.ledger.log`: the writer of a signed log that only grows, as plain immutable objects.
* :mod:`quietline.ledger.reading`: its readers; a follower hands out each entry once, proven.
* :mod:`quietline.ledger.verifying`, :mod:`quietline.ledger.proving`: a whole log recomputed; one entry proved off-line.
* :mod:`quietline.ledger.objects`, :mod:`quietline.ledger.paths`, :mod:`quietline.ledger.tiles`,
  :mod:`quietline.ledger.checkpoint`: where a log is kept and what it consists of.
* :mod:`quietline.ledger.receipts`: JSON documents that carry their signature.
* :mod:`quietline.ledger.salts`: the salts of a receipt's leaves, from one secret.
* :mod:`quietline.ledger.signing`: Ed25519 keys in files, made, loaded, rotated.

Nothing is imported here, so that a command which needs no signature does not wait for the cryptography
library.
"""

from __future__ import annotations

__all__: list[str] = []
