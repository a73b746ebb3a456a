from mmap import mmap
from typing import Any, TypeAlias

from numpy.typing import NDArray

Buffer: TypeAlias = bytes | bytearray | memoryview | mmap | NDArray[Any]

def plan(blob: Buffer, /) -> Any: ...
def parse_numbers(
    plan: Any, data: Buffer, starts: Buffer, lengths: Buffer, extra: int, keys: Buffer, statuses: Buffer, /
) -> int: ...
def scan_rows(
    delimiter: int,
    quote: int,
    terminator: int,
    gb: int,
    columns: Buffer,
    data: Buffer,
    final: bool,
    row_starts: Buffer,
    starts: Buffer,
    lengths: Buffer,
    /,
) -> int: ...
def last_row_end(delimiter: int, quote: int, terminator: int, gb: int, data: Buffer, /) -> int: ...
def copy_rows(data: Buffer, row_starts: Buffer, keep: Buffer, out: Buffer, /) -> int: ...
def note_rows(
    data: Buffer,
    row_starts: Buffer,
    select: Buffer,
    note_of: Buffer,
    notes: Buffer,
    note_offsets: Buffer,
    keys: Buffer,
    delimiter: int,
    with_number: bool,
    out: Buffer,
    /,
) -> int: ...
def crc32c(data: Buffer, crc: int = 0, /) -> int: ...
def encode_blocks(
    keys: Buffer,
    since: Buffer | None,
    until: Buffer | None,
    terms: Buffer | None,
    base_offset: int,
    out: Buffer,
    prefixes: Buffer,
    pointers: Buffer,
    /,
) -> tuple[int, int]: ...
def pointer(prefix: int, offset: int, encoding: int, /) -> int: ...
def block_info(mapped: Buffer, prefix: int, pointer: int, /) -> tuple[int, int, int, int] | None: ...
def check_blocks(mapped: Buffer, prefixes: Buffer, pointers: Buffer, /) -> int: ...
def decode_blocks(
    mapped: Buffer,
    prefixes: Buffer,
    pointers: Buffer,
    keys: Buffer,
    since: Buffer,
    until: Buffer,
    terms: Buffer,
    /,
) -> int | None: ...
def index_put(mapped: Buffer, offset: int, capacity: int, prefixes: Buffer, pointers: Buffer, /) -> int: ...
def index_find(mapped: Buffer, offset: int, capacity: int, prefix: int, /) -> int: ...
def lookup(
    mapped: Buffer,
    limit: int,
    index_offset: int,
    capacity: int,
    checked: Buffer,
    keys: Buffer,
    on: int,
    dated: bool,
    hits: Buffer,
    since: Buffer | None,
    terms: Buffer | None,
    /,
) -> tuple[int, int]: ...
def leaf_hashes(keys: Buffer, verdicts: Buffer, salts: Buffer, out: Buffer, /) -> None: ...
def node_hashes(children: Buffer, out: Buffer, /) -> None: ...
def start_writeback(fd: int, offset: int, nbytes: int, /) -> None: ...
