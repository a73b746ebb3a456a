"""Lists as they come and go: streams, encodings, delimited text, workbooks, Parquet, and outputs.

Reading goes from ``open_stream`` by ``Stream.kind`` to ``sniff`` (text), ``read_sheet``, ``open_parquet`` or
``members``; ``find_number_columns`` and ``resolve_columns`` say which columns hold the numbers. Writing goes
through ``OutputSet`` or ``AtomicFile``: outputs appear whole or not at all. The optional libraries behind
workbooks and Parquet are loaded when they are first needed.
"""

from quietline.tables.columns import find_number_columns, is_area_and_local, other_number_columns, resolve_columns
from quietline.tables.dialect import TextFormat, delimiter_named, rows_of, sniff, split_rows
from quietline.tables.encoding import (
    ENCODINGS,
    Encoding,
    decode_sample,
    detect_encoding,
    encoding_named,
    encoding_of,
)
from quietline.tables.names import column_names, guess_header, is_phone_name
from quietline.tables.output_files import AtomicFile, DirectFile, OutputFile
from quietline.tables.outputs import OutputSet, open_output, refuse_same
from quietline.tables.parquet import open_parquet
from quietline.tables.sheets import MAX_SHEET_ROWS, Sheet, cell_text, read_sheet, write_sheet
from quietline.tables.streams import Stream, open_stream
from quietline.tables.text import Piece, TextReader
from quietline.tables.zips import members

__all__ = [
    "ENCODINGS",
    "MAX_SHEET_ROWS",
    "AtomicFile",
    "DirectFile",
    "Encoding",
    "OutputFile",
    "OutputSet",
    "Piece",
    "Sheet",
    "Stream",
    "TextFormat",
    "TextReader",
    "cell_text",
    "column_names",
    "decode_sample",
    "delimiter_named",
    "detect_encoding",
    "encoding_named",
    "encoding_of",
    "find_number_columns",
    "guess_header",
    "is_area_and_local",
    "is_phone_name",
    "members",
    "open_output",
    "open_parquet",
    "open_stream",
    "other_number_columns",
    "read_sheet",
    "refuse_same",
    "resolve_columns",
    "rows_of",
    "sniff",
    "split_rows",
    "write_sheet",
]
