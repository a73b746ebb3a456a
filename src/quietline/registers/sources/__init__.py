"""Sources of registers: whatever form authorities and firms hand their lists out in, read as columns.

:class:`SourceReader` reads full lists, :func:`read_changes` reads change lists. Both take delimited text of any kind,
the XML of the FTC and the CRTC, XLSX, Parquet, and gzip or zip of these; find out which columns hold what; and give
every row they cannot read with its file, line and reason.
"""

from quietline.registers.sources.batches import ReadOptions, Reject, SourceBatch, SourceFacts, TermsTable
from quietline.registers.sources.plan import ReadPlan
from quietline.registers.sources.reading import ReadProgress, SourceReader, read_changes

__all__ = [
    "ReadOptions",
    "ReadPlan",
    "ReadProgress",
    "Reject",
    "SourceBatch",
    "SourceFacts",
    "SourceReader",
    "TermsTable",
    "read_changes",
]
