"""What becomes of each field of each table: a declaration that a health test demands, so that erasure forgets nothing.

Every model of the platform carries ``keeping``, a mapping of its fields to one of:

``kept``
    stays as long as the row; holds nothing about a person, or is the register itself.
``encrypted``
    readable only with the record's data key; destroying the key erases it.
``indexed``
    a keyed hash that finds equal values; emptied when the record is erased.
``erased``
    personal and in the clear (a number in an act, say); emptied or deleted with the record, or when its period is over.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ["KINDS", "Keeping"]

Kind: TypeAlias = Literal["kept", "encrypted", "indexed", "erased"]
Keeping: TypeAlias = dict[str, Kind]
KINDS = frozenset(("kept", "encrypted", "indexed", "erased"))
