"""The quick way of writing JSON canonically is the plain way."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quietline.errors import ReceiptError
from quietline.ledger import receipts

INTEGERS = st.integers(-(2**53) - 2, 2**53 + 2)
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def plainly(value):
    parts: list[str] = []
    receipts._canonical(value, parts, 0)
    return "".join(parts).encode()


@given(VALUES)
def test_the_quick_way_writes_what_the_plain_way_writes_or_refuses_with_it(value):
    try:
        expected = plainly(value)
    except ReceiptError as error:
        expected = error.code
    try:
        found = receipts.canonical_json(value)
    except ReceiptError as error:
        found = error.code
    assert found == expected
