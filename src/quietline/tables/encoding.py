"""Find out, or be told, in which encoding a list is written."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from itertools import islice

from quietline.errors import InputError, UsageError

__all__ = ["ENCODINGS", "Encoding", "decode_sample", "detect_encoding", "encoding_named", "encoding_of"]

#: The encodings that are read. 'latin-1' stands for every one-byte encoding of Western Europe: its decoder
#: keeps each byte, so Windows-1252 passes through it unharmed.
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030", "latin-1")

_ALIASES = {
    "utf-8": ("utf8", "utf-8", "utf-8-sig", "u8", "unicode", "ascii", "us-ascii"),
    "utf-16": ("utf16", "utf-16"),
    "utf-16-le": ("utf-16-le", "utf-16le", "utf16le", "ucs-2"),
    "utf-16-be": ("utf-16-be", "utf-16be", "utf16be"),
    "gb18030": ("gb18030", "gbk", "gb2312", "cp936", "gb-18030", "hz-gb-2312", "chinese"),
    "latin-1": (
        "latin-1",
        "latin1",
        "iso-8859-1",
        "iso8859-1",
        "iso-8859-15",
        "cp1252",
        "windows-1252",
        "ansi",
        "l1",
    ),
}
_NAMED = {alias: name for name, aliases in _ALIASES.items() for alias in aliases}

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_UTF32_BOMS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_CONTROLS = bytes(i for i in range(32) if i not in b"\t\n\v\f\r\x1a\x1b")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_ENOUGH_RUNS = 5000


@dataclass(frozen=True)
class Encoding:
    """How text is written as bytes.

    Attributes:
        name: one of ENCODINGS.
        bom: the byte order mark that stands before the text, or no bytes.
        certain: whether nothing else could be meant, as far as the sample goes.
    """

    name: str
    bom: bytes = b""
    certain: bool = True


def detect_encoding(sample: bytes, *, complete: bool) -> Encoding:
    """Find out the encoding of a text from its first bytes.

    Args:
        sample: bytes from the start; 64 KB or more are better than a few lines. It may end within a
            character.
        complete: whether the sample is all there is.

    Returns:
        The encoding. Pure ASCII is 'utf-8', and certain only where the sample is complete.

    Raises:
        InputError: the text is in UTF-32 (``input.encoding``), or this is no text (``input.binary``).
    """
    if sample.startswith(_UTF32_BOMS):
        raise InputError("The text is in UTF-32, which is not read.", advice="Save it as UTF-8.", code="input.encoding")
    for bom, name in _BOMS:
        if sample.startswith(bom):
            return Encoding(name, bom)
    wide = _utf16_by_zeros(sample)
    if wide:
        return Encoding(wide)
    if sum(map(sample.count, _each(_CONTROLS))) > max(2, len(sample) // 20):
        raise InputError(
            "This is not text: it holds bytes that no text has.",
            advice="Give a list as .csv, .txt, .xlsx or Parquet.",
            code="input.binary",
        )
    if sample.isascii():
        return Encoding("utf-8", certain=complete)
    return _eight_bit(sample, complete)


def _each(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def _utf16_by_zeros(sample: bytes) -> str | None:
    """Return 'utf-16-le' or 'utf-16-be' where zero bytes stand as they do in such text without a mark."""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    pairs = len(sample) // 2
    if pairs == 0 or even + odd == 0:
        return None
    for name, many, few in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if many >= 0.25 * pairs and few <= 0.02 * pairs:
            try:
                codecs.getincrementaldecoder(name)().decode(sample, final=False)
            except UnicodeDecodeError:
                continue
            return name
    return None


def _bad_share(sample: bytes, name: str, complete: bool) -> float:
    """Return the share of the non-ASCII characters that this encoding cannot read (0 where it reads all)."""
    try:
        codecs.getincrementaldecoder(name)().decode(sample, final=complete)
    except UnicodeDecodeError:
        text = codecs.getincrementaldecoder(name)("replace").decode(sample, final=complete)
        return text.count("\ufffd") / max(1, sum(not char.isascii() for char in text))
    return 0.0


def _eight_bit(sample: bytes, complete: bool) -> Encoding:
    """Tell UTF-8, GB 18030 and Latin-1 apart in a sample with bytes above 127."""
    bad_utf8 = _bad_share(sample, "utf-8", complete)
    if bad_utf8 <= 0.1:  # a few spoilt characters do not make it another encoding
        return Encoding("utf-8", certain=bad_utf8 == 0)
    bad_gb = _bad_share(sample, "gb18030", complete)
    chinese, western = _weigh(sample)
    if bad_gb <= 0.02 and chinese > western:
        return Encoding("gb18030", certain=bad_gb == 0 and chinese >= 8 and western <= 0.1 * chinese)
    return Encoding("latin-1", certain=western >= 8 and chinese <= 0.1 * western)


def _weigh(sample: bytes) -> tuple[float, float]:
    """Return what speaks for Chinese text and what for Western text, counted in characters.

    Western letters with accents come one at a time between ASCII letters. Chinese characters come as pairs of
    bytes; those in daily use have a first byte B0-D7, rarer ones D8-F7 (where the small accented letters of
    Latin-1 are too), punctuation and full-width digits A1-A3, and the second byte is A1-FE.
    """
    chinese = western = 0.0
    for found in islice(_HIGH_RUN.finditer(sample), _ENOUGH_RUNS):
        run = found.group()
        before = sample[found.start() - 1 : found.start()] if found.start() else b""
        after = sample[found.end() : found.end() + 1]
        amid_letters = before.isalpha() or after.isalpha()
        if len(run) == 1:
            western += 1
        elif len(run) == 2 and amid_letters and min(run) >= 0xC0:
            western += 2 if run[0] >= 0xD8 else 0.5  # "cr\xe9\xe9e"; but "A\xd7\xf9" is a block of flats
        else:
            for i in range(0, len(run) - 1, 2):
                if run[i] < 0xA1 or run[i + 1] < 0xA1:
                    chinese += 0.5
                else:
                    chinese += 1 if run[i] <= 0xD7 else 0.6
    return chinese, western


def encoding_named(text: str) -> str:
    """Return the encoding that a user's word means: one of ENCODINGS, or 'utf-16' (either byte order).

    Raises:
        UsageError: it is none that can be read; the message lists them.
    """
    name = _NAMED.get(text.strip().lower().replace("_", "-").replace(" ", "-"))
    if name is None:
        raise UsageError(
            f"The encoding '{text}' is not known.",
            advice="Use utf-8, utf-16, utf-16-le, utf-16-be, gb18030 (also for GBK and GB2312) or latin-1 "
            "(also for Windows-1252), or leave it out to have it found.",
            code="usage.encoding",
        )
    return name


def encoding_of(sample: bytes, wanted: str | None = None, *, complete: bool) -> Encoding:
    """Return the encoding as wanted by the user, with its byte order mark if there is one; or find it out.

    Raises:
        UsageError: the wanted encoding is not known.
        InputError: none is wanted, and the sample is no text.
    """
    if wanted is None:
        return detect_encoding(sample, complete=complete)
    name = encoding_named(wanted)
    for bom, of in _BOMS:
        if sample.startswith(bom) and (of == name or (name == "utf-16" and of.startswith(name))):
            return Encoding(of, bom)
    if name == "utf-16":
        name = _utf16_by_zeros(sample) or "utf-16-le"
    return Encoding(name)


def decode_sample(sample: bytes, encoding: Encoding, *, complete: bool = False) -> str:
    """Return a sample as text without its mark; what cannot be read becomes U+FFFD.

    Args:
        sample: bytes from the very start of the text.
        encoding: as found by ``detect_encoding``.
        complete: whether the sample is all there is.
    """
    decoder = codecs.getincrementaldecoder(encoding.name)("replace")
    return decoder.decode(sample[len(encoding.bom) :], final=complete)
