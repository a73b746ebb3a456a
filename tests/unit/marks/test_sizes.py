"""How many canaries are enough: more for more sources, more lists on file and smaller parts of them."""

from __future__ import annotations

import pytest

from quietline.marks import least_canaries


def test_more_is_needed_for_less_of_a_list_more_sources_and_more_lists_on_file():
    base = least_canaries(share=0.01)
    assert least_canaries(share=0.1) < base / 8
    assert least_canaries(share=0.01, sources=3) > base
    assert least_canaries(share=0.01, on_file=1_000_000) > base
    assert least_canaries(share=0.01, lost=0.5) > base
    assert least_canaries(share=0.01, missed=0.5) < base
    assert least_canaries(share=0.01, error=1e-6) > base


@pytest.mark.parametrize(
    "arguments",
    [
        {"share": 0},
        {"share": 1.1},
        {"share": 0.5, "lost": 1},
        {"share": 0.5, "missed": 0},
        {"share": 0.5, "error": 1},
        {"share": 0.5, "way": "stolen"},
        {"share": 0.5, "sources": 0},
    ],
)
def test_what_cannot_be_is_refused(arguments):
    with pytest.raises(ValueError, match="shares|no way"):
        least_canaries(**arguments)
