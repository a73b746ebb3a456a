"""Paths and checkpoints of logs, against the examples of the published formats and literal texts."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from quietline.errors import LedgerError
from quietline.ledger.checkpoint import Checkpoint, key_hash, parse_checkpoint, sign_checkpoint, verifier_key
from quietline.ledger.paths import ENTRIES, ObjectName, bundle_path, parse_path, tile_path, width_at
from quietline.ledger.signing import PublicKey, SigningKey

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ORIGIN = "register.example/ledger"
# the first key of the test vectors in RFC 8032 section 7.1
SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(SECRET))
OTHER = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))
CHECKPOINT = Checkpoint(ORIGIN, 60, sha256(b"root").digest(), AT)
GOLDEN = """\
register.example/ledger
60
SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=
at 2026-11-22T10:00:00Z

— register.example/ledger OGiYHJfQDBQZEW56jL4Ps88uAhahBIMl7i+Bj3vMhSW23e4ZO9bPQxodJ3lrSL8me3G+RdNdboRabsM+BcIe/MMmbgE=
"""


def code_of(data: bytes, *, origin: str | None = ORIGIN, trusted: list[PublicKey] | None = None) -> str:
    with pytest.raises(LedgerError) as caught:
        parse_checkpoint(data, origin=origin, trusted=[KEY.public] if trusted is None else trusted)
    return caught.value.code


@pytest.mark.parametrize(
    ("level", "index", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 999, 256, "tile/0/999"),
        (1, 1000, 256, "tile/1/x001/000"),
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        (63, 1234067, 8, "tile/63/x001/x234/067.p/8"),
        (ENTRIES, 0, 1, "tile/entries/000.p/1"),
        (ENTRIES, 273, 112, "tile/entries/273.p/112"),
        (ENTRIES, 1_000_000_000, 256, "tile/entries/x001/x000/x000/000"),
    ],
)
def test_paths_are_those_of_the_published_format(level: int, index: int, width: int, path: str) -> None:
    made = bundle_path(index, width) if level == ENTRIES else tile_path(level, index, width)
    assert made == path
    assert parse_path(path) == ObjectName(level, index, width)


@pytest.mark.parametrize(
    "path",
    [
        "checkpoint",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/08",
        "tile/0/000.p/300",
        "tile/entries/../000",
        "/tile/0/000",
        "tile/0/000\n",
    ],
)
def test_what_only_looks_like_a_path_is_none(path: str) -> None:
    assert parse_path(path) is None


def test_a_log_of_70000_entries_has_the_tiles_of_the_published_example() -> None:
    widths = {(level, index): width_at(level, index, 70_000) for level in range(4) for index in (0, 1, 272, 273, 274)}
    assert {place: width for place, width in widths.items() if width} == {
        (0, 0): 256,
        (0, 1): 256,
        (0, 272): 256,
        (0, 273): 112,
        (1, 0): 256,
        (1, 1): 17,
        (2, 0): 1,
    }
    assert width_at(ENTRIES, 273, 70_000) == 112


@pytest.mark.parametrize(("level", "index", "width"), [(64, 0, 1), (-2, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)])
def test_a_tile_outside_the_format_has_no_path(level: int, index: int, width: int) -> None:
    with pytest.raises(ValueError, match="is"):
        tile_path(level, index, width)


@pytest.mark.parametrize(
    "published",  # of the Go checksum database, and of the documentation of its note package
    [
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_key_hashes_are_those_of_published_keys(published: str) -> None:
    name, mark, encoded = published.split("+", 2)
    key = PublicKey(base64.b64decode(encoded)[1:])
    assert key_hash(name, key).hex() == mark
    assert verifier_key(name, key) == published


def test_a_checkpoint_is_the_text_that_it_has_always_been() -> None:
    assert sign_checkpoint(CHECKPOINT, KEY).decode() == GOLDEN
    assert parse_checkpoint(GOLDEN.encode(), origin=ORIGIN, trusted=[KEY.public]) == CHECKPOINT


def test_a_checkpoint_is_signed_over_its_text_up_to_the_empty_line() -> None:
    text, _, signatures = GOLDEN.partition("\n\n")
    dash, name, value = signatures.removesuffix("\n").split(" ")
    signature = base64.b64decode(value)
    assert (dash, name) == ("\u2014", ORIGIN)
    assert signature[:4] == sha256(ORIGIN.encode() + b"\n\x01" + KEY.public.raw).digest()[:4]
    Ed25519PublicKey.from_public_bytes(KEY.public.raw).verify(signature[4:], (text + "\n").encode())


def test_the_time_of_a_checkpoint_is_kept_in_utc_to_the_microsecond() -> None:
    at = datetime(2026, 11, 22, 18, 0, 0, 1500, tzinfo=timezone(timedelta(hours=8)))
    made = sign_checkpoint(replace(CHECKPOINT, at=at), KEY)
    assert b"\nat 2026-11-22T10:00:00.001500Z\n" in made
    assert parse_checkpoint(made, origin=ORIGIN, trusted=[KEY.public]).at == at


def test_every_changed_byte_of_a_checkpoint_is_noticed() -> None:
    for place in range(len(GOLDEN.encode())):
        for bit in range(8):
            data = bytearray(GOLDEN.encode())
            data[place] ^= 1 << bit
            assert code_of(bytes(data)) in {"ledger.malformed", "ledger.origin", "ledger.signature"}


def test_a_cut_checkpoint_is_none() -> None:
    for length in range(len(GOLDEN.encode())):
        assert code_of(GOLDEN.encode()[:length]) == "ledger.malformed"


def test_signatures_of_others_are_passed_over() -> None:
    witness = sign_checkpoint(CHECKPOINT, OTHER).decode().rpartition("\n\n")[2]
    text, _, own = GOLDEN.rpartition("\n\n")
    for lines in (witness + own, own + witness):
        both = f"{text}\n\n{lines}".encode()
        for trusted in ([KEY.public], [OTHER.public], [OTHER.public, KEY.public]):
            assert parse_checkpoint(both, origin=ORIGIN, trusted=trusted) == CHECKPOINT


def test_a_wrong_signature_of_a_trusted_key_is_not_made_good_by_another() -> None:
    witness = sign_checkpoint(replace(CHECKPOINT, size=61), OTHER).decode().rpartition("\n\n")[2]
    both = (GOLDEN + witness).encode()
    assert code_of(both, trusted=[KEY.public, OTHER.public]) == "ledger.signature"
    assert parse_checkpoint(both, origin=ORIGIN, trusted=[KEY.public]) == CHECKPOINT


def test_a_checkpoint_without_a_trusted_signature_is_refused() -> None:
    assert code_of(GOLDEN.encode(), trusted=[OTHER.public]) == "ledger.signature"
    assert code_of(GOLDEN.encode(), trusted=[]) == "ledger.signature"


def test_a_checkpoint_of_another_log_is_refused() -> None:
    assert code_of(GOLDEN.encode(), origin="register.example/other") == "ledger.origin"
    assert parse_checkpoint(GOLDEN.encode(), origin=None, trusted=[KEY.public]).origin == ORIGIN


def signed(text: str) -> bytes:
    """A note with any text, truly signed."""
    value = base64.b64encode(key_hash(ORIGIN, KEY.public) + KEY.sign(text.encode())).decode()
    return f"{text}\n\u2014 {ORIGIN} {value}\n".encode()


ROOT = base64.b64encode(CHECKPOINT.root).decode()


def test_further_extension_lines_are_passed_over() -> None:
    data = signed(f"{ORIGIN}\n60\n{ROOT}\nat 2026-11-22T10:00:00Z\nmore\n")
    assert parse_checkpoint(data, origin=ORIGIN, trusted=[KEY.public]) == CHECKPOINT


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n060\n{ROOT}\nat 2026-11-22T10:00:00Z\n",
        f"{ORIGIN}\n-1\n{ROOT}\nat 2026-11-22T10:00:00Z\n",
        f"{ORIGIN}\n\u0661\n{ROOT}\nat 2026-11-22T10:00:00Z\n",
        f"{ORIGIN}\n9223372036854775808\n{ROOT}\nat 2026-11-22T10:00:00Z\n",
        f"{ORIGIN}\n60\n{ROOT[:-4]}\nat 2026-11-22T10:00:00Z\n",
        f"{ORIGIN}\n60\n{ROOT}\n",
        f"{ORIGIN}\n60\n{ROOT}\nat 2026-11-22T10:00:00+00:00\n",
        f"{ORIGIN}\n60\n{ROOT}\nat 2026-02-30T10:00:00Z\n",
        f"{ORIGIN}\n60\n{ROOT}\n\nat 2026-11-22T10:00:00Z\n",
        f"{ORIGIN} x\n60\n{ROOT}\nat 2026-11-22T10:00:00Z\n",
        f"{ORIGIN}\r\n60\n{ROOT}\nat 2026-11-22T10:00:00Z\n",
    ],
)
def test_a_signed_text_of_another_form_is_no_checkpoint(text: str) -> None:
    assert code_of(signed(text), origin=None) == "ledger.malformed"


def test_a_very_long_checkpoint_is_refused_unread() -> None:
    assert code_of(GOLDEN.encode() + b"x" * 70_000) == "ledger.malformed"


@pytest.mark.parametrize("origin", ["", "with space", "a+b", "line\nline", "no\u00a0break", "x" * 256])
def test_a_log_cannot_have_such_a_name(origin: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        Checkpoint(origin, 0, bytes(32), AT)


def test_a_checkpoint_needs_a_time_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        replace(CHECKPOINT, at=datetime(2026, 11, 22))  # noqa: DTZ001
