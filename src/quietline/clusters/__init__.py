"""Clusters: reports of nuisance calls as columns go in, groups that belong together come out, each with its reason.

* :func:`by_number`, :func:`by_range`, :func:`by_name`, :func:`by_wording`: groups of one kind. A range is a cluster only
  where it is used more than its surroundings explain.
* :func:`same_moments`, :func:`same_hours`, :func:`in_turn`: patterns in time across numbers that change.
  :func:`same_callees`, :func:`in_sequence`, :func:`blocks_walked`: patterns in who was called.
* :func:`campaigns`: joins all of these; every join has a reason, and weak reasons make no chains.
* :func:`record_weight`, :data:`ATTESTATION`, :func:`counted_once`, :func:`decayed`: what a report counts.
* :func:`brigading`: reports that may have been arranged. :func:`spoofing`: numbers that were borrowed. Count is not guilt.
* :class:`WordingIndex`, :func:`wording_of`: the same for texts one by one, with signatures for a database.

Pure functions on NumPy columns. Keys are those of :mod:`quietline.numbering`; 0 is no number. Nothing here reads a clock, a
file or a database, or keeps anything. How it works and how well: ``docs/explanation/clusters.md``.
"""

from __future__ import annotations

from quietline.clusters.brigading import Signal, SignalKind, brigading, co_reporting, suspected
from quietline.clusters.callees import Sequences, Walks, blocks_walked, in_sequence, same_callees
from quietline.clusters.campaigns import STRONG, TRUST, WEAK, Campaigns, Reason, campaigns
from quietline.clusters.coincidences import Coincidences
from quietline.clusters.folding import folded, tokens
from quietline.clusters.links import (
    Kind,
    Links,
    Shared,
    shared_names,
    shared_numbers,
    shared_ranges,
    shared_wordings,
)
from quietline.clusters.names import NameGroups, by_name, name_distance, normal_name
from quietline.clusters.numbers import NumberGroups, by_number, decayed
from quietline.clusters.ranges import WIDTHS, RangeGroups, by_range
from quietline.clusters.spoofing import NumberFacts, Spoofing, SpoofingVerdict, spoofing
from quietline.clusters.timing import Turns, in_turn, same_hours, same_moments
from quietline.clusters.weights import ATTESTATION, PRIOR, counted_once, record_weight
from quietline.clusters.wording import (
    ALIKE,
    LEAST_SHINGLES,
    SIGNATURE_BYTES,
    Wording,
    containment,
    estimated,
    jaccard,
    wording_of,
)
from quietline.clusters.wording_index import Match, WordingGroups, WordingIndex, by_wording

__all__ = [
    "ALIKE",
    "ATTESTATION",
    "LEAST_SHINGLES",
    "PRIOR",
    "SIGNATURE_BYTES",
    "STRONG",
    "TRUST",
    "WEAK",
    "WIDTHS",
    "Campaigns",
    "Coincidences",
    "Kind",
    "Links",
    "Match",
    "NameGroups",
    "NumberFacts",
    "NumberGroups",
    "RangeGroups",
    "Reason",
    "Sequences",
    "Shared",
    "Signal",
    "SignalKind",
    "Spoofing",
    "SpoofingVerdict",
    "Turns",
    "Walks",
    "Wording",
    "WordingGroups",
    "WordingIndex",
    "blocks_walked",
    "brigading",
    "by_name",
    "by_number",
    "by_range",
    "by_wording",
    "campaigns",
    "co_reporting",
    "containment",
    "counted_once",
    "decayed",
    "estimated",
    "folded",
    "in_sequence",
    "in_turn",
    "jaccard",
    "name_distance",
    "normal_name",
    "record_weight",
    "same_callees",
    "same_hours",
    "same_moments",
    "shared_names",
    "shared_numbers",
    "shared_ranges",
    "shared_wordings",
    "spoofing",
    "suspected",
    "tokens",
    "wording_of",
]
