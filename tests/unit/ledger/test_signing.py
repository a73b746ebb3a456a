"""Keys in files: who may read them, what is never overwritten, what survives a rotation."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed448

from quietline.errors import KeyFileError, OutputError, ReceiptError
from quietline.ledger import signing

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "key.pem"


def test_a_key_signs_after_it_was_stored_and_read_again(path: Path) -> None:
    made = signing.create_key(path, holder="Sunny Kitchens Ltd", at=AT)
    key = signing.load_key(path)
    assert key.key_id == made.key_id
    assert key.holder == "Sunny Kitchens Ltd"
    signature = key.sign(b"what was done")
    signing.load_public_key(signing.public_path(path)).verify(signature, b"what was done")
    with pytest.raises(ReceiptError, match="does not fit") as caught:
        key.public.verify(signature, b"what was not done")
    assert caught.value.code == "receipt.signature"


def test_a_signature_is_that_of_rfc_8032(tmp_path: Path) -> None:
    # RFC 8032 section 7.1, test 2
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    secret = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
    key = signing.SigningKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret)))
    public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert key.public.raw.hex() == public
    assert key.sign(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_the_key_id_is_the_beginning_of_the_fingerprint() -> None:
    public = signing.PublicKey(bytes(32))
    # SHA-256 of 32 zero bytes
    assert public.key_id == "ed25519:66687aadf862bd77"
    assert public.fingerprint.startswith(public.key_id)
    assert len(public.fingerprint) == len("ed25519:") + 64


def test_only_the_owner_may_read_a_new_key(path: Path) -> None:
    before = os.umask(0)
    try:
        signing.create_key(path, holder="H", at=AT)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert signing.public_path(path).stat().st_mode & 0o777 == 0o644
    assert sorted(file.name for file in path.parent.iterdir()) == ["key.pem", "key.pem.pub"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o601])
def test_a_key_that_others_may_read_is_refused_with_the_cure(path: Path, mode: int) -> None:
    signing.create_key(path, holder="H", at=AT)
    path.chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600") as caught:
        signing.load_key(path)
    assert caught.value.code == "key.exposed"


def test_a_key_is_never_overwritten(path: Path) -> None:
    first = signing.create_key(path, holder="H", at=AT)
    with pytest.raises(KeyFileError, match="never overwritten") as caught:
        signing.create_key(path, holder="H", at=AT)
    assert caught.value.code == "key.exists"
    assert signing.load_key(path).key_id == first.key_id


def test_a_public_key_without_its_private_half_is_not_overwritten_either(path: Path) -> None:
    signing.create_key(path, holder="H", at=AT)
    path.unlink()
    with pytest.raises(KeyFileError, match="never overwritten"):
        signing.create_key(path, holder="H", at=AT)


def test_a_link_that_leads_nowhere_is_not_followed(path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(path.parent / "elsewhere")
    with pytest.raises(KeyFileError, match="never overwritten"):
        signing.create_key(path, holder="H", at=AT)
    assert not (path.parent / "elsewhere").exists()


def test_a_key_that_appears_meanwhile_is_not_overwritten(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = signing.create_key(path, holder="H", at=AT)
    monkeypatch.setattr(Path, "exists", lambda _: False)
    with pytest.raises(KeyFileError, match="never overwritten"):
        signing.create_key(path, holder="H", at=AT)
    monkeypatch.undo()
    assert signing.load_key(path).key_id == first.key_id
    assert len(list(path.parent.iterdir())) == 2  # no temporary file is left


def test_a_directory_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        signing.create_key(tmp_path / "file" / "key.pem", holder="H", at=AT)


def test_a_passphrase_guards_the_key(path: Path) -> None:
    made = signing.create_key(path, holder="H", at=AT, passphrase=b"correct horse")
    assert b"ENCRYPTED" in path.read_bytes()
    assert signing.load_key(path, passphrase=b"correct horse").key_id == made.key_id
    for wrong in (None, b"wrong"):
        with pytest.raises(KeyFileError, match="QUIETLINE_KEY_PASSPHRASE") as caught:
            signing.load_key(path, passphrase=wrong)
        assert caught.value.code == "key.passphrase"


def test_a_passphrase_that_is_not_needed_does_no_harm(path: Path) -> None:
    made = signing.create_key(path, holder="H", at=AT)
    assert signing.load_key(path, passphrase=b"not needed").key_id == made.key_id


def test_a_missing_key_says_how_to_make_one(path: Path) -> None:
    with pytest.raises(KeyFileError, match="quietline key create") as caught:
        signing.load_key(path)
    assert caught.value.code == "key.missing"
    with pytest.raises(KeyFileError, match="no public key"):
        signing.load_public_key(path)


@pytest.mark.parametrize("content", [b"", b"not a key", b"\x00\xff" * 50])
def test_what_is_no_key_is_refused(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="Ed25519 private key"):
        signing.load_key(path)
    with pytest.raises(KeyFileError, match="Ed25519 public key"):
        signing.load_public_key(path)


def test_a_key_of_another_kind_is_refused(path: Path) -> None:
    other = ed448.Ed448PrivateKey.generate()
    path.parent.mkdir()
    path.write_bytes(
        other.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="Ed25519 private key"):
        signing.load_key(path)
    path.write_bytes(
        other.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    with pytest.raises(KeyFileError, match="Ed25519 public key"):
        signing.load_public_key(path)


def test_a_directory_or_a_pipe_is_no_key_and_nobody_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    opened: list[str] = []
    right = os.open

    def open_at_once(path: str | Path, flags: int, *more: Any, **named: Any) -> int:
        assert flags & os.O_NONBLOCK, "opening a pipe would wait for somebody to write"
        opened.append(Path(path).name)
        return right(path, flags, *more, **named)

    monkeypatch.setattr(os, "open", open_at_once)
    for name in (".", "pipe"):
        with pytest.raises(KeyFileError, match="not a key file"):
            signing.load_key(tmp_path / name)
    assert len(opened) == 2
    assert opened[-1] == "pipe"


def test_a_damaged_key_is_refused_at_every_length(path: Path) -> None:
    signing.create_key(path, holder="H", at=AT)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 2, 7):
        path.write_bytes(whole[:length])
        with pytest.raises(KeyFileError):
            signing.load_key(path)


def test_rotation_keeps_the_old_public_key_and_destroys_the_old_private_one(path: Path) -> None:
    old = signing.create_key(path, holder="Holder & Söhne", at=AT, passphrase=b"p")
    signature = old.sign(b"old")
    new = signing.rotate_key(path, at=AT, passphrase=b"p")
    assert new.key_id != old.key_id
    assert signing.load_key(path, passphrase=b"p").key_id == new.key_id
    assert path.stat().st_mode & 0o777 == 0o600
    known = signing.known_public_keys(path)
    assert set(known) == {old.key_id, new.key_id}
    assert known[old.key_id].holder == new.holder == "Holder & Söhne"
    known[old.key_id].verify(signature, b"old")
    private = [file for file in path.parent.rglob("*") if file.is_file() and b"PRIVATE" in file.read_bytes()]
    assert private == [path]


def test_a_rotation_that_fails_leaves_the_old_key_in_use(path: Path) -> None:
    old = signing.create_key(path, holder="H", at=AT)
    signing.retired_directory(path).write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        signing.rotate_key(path, at=AT)
    assert signing.load_key(path).key_id == old.key_id
    assert set(signing.known_public_keys(path)) == {old.key_id}


def test_the_secret_does_not_slip_out(path: Path) -> None:
    key = signing.create_key(path, holder="H", at=AT)
    assert repr(key) == f"<SigningKey {key.key_id}>"
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(key)


@pytest.mark.parametrize("holder", ["", "  ", "two\nlines", "x" * 201, "-----BEGIN", "bell\x07"])
def test_a_holder_is_one_printable_line(path: Path, holder: str) -> None:
    with pytest.raises(ValueError, match="one printable line"):
        signing.create_key(path, holder=holder, at=AT)
    assert not path.exists()


def test_a_time_without_zone_and_an_empty_passphrase_are_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="time zone"):
        signing.create_key(path, holder="H", at=AT.replace(tzinfo=None))
    with pytest.raises(ValueError, match="empty"):
        signing.create_key(path, holder="H", at=AT, passphrase=b"")


@pytest.mark.parametrize(
    ("environ", "where"),
    [
        ({"QUIETLINE_KEY": "/a/k.pem", "HOME": "/h"}, "/a/k.pem"),
        ({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, "/x/quietline/key.pem"),
        ({"XDG_CONFIG_HOME": "relative", "HOME": "/h"}, "/h/.config/quietline/key.pem"),
        ({"QUIETLINE_KEY": "", "XDG_CONFIG_HOME": "", "HOME": "/h"}, "/h/.config/quietline/key.pem"),
    ],
)
def test_the_key_has_a_known_place(environ: dict[str, str], where: str) -> None:
    assert signing.default_key_path(environ) == Path(where)


def test_without_a_place_the_setting_is_named() -> None:
    with pytest.raises(KeyFileError, match="QUIETLINE_KEY"):
        signing.default_key_path({})


def test_the_passphrase_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "passphrase"
    file.write_bytes(b" spaces count \r\n")
    assert signing.passphrase_from({}) is None
    assert signing.passphrase_from({"QUIETLINE_KEY_PASSPHRASE": "grüße"}) == "grüße".encode()
    assert signing.passphrase_from({"QUIETLINE_KEY_PASSPHRASE_FILE": str(file)}) == b" spaces count "


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"QUIETLINE_KEY_PASSPHRASE": ""}, "empty"),
        ({"QUIETLINE_KEY_PASSPHRASE_FILE": "/dev/null"}, "empty"),
        ({"QUIETLINE_KEY_PASSPHRASE_FILE": "/does/not/exist"}, "cannot be read"),
        ({"QUIETLINE_KEY_PASSPHRASE": "a", "QUIETLINE_KEY_PASSPHRASE_FILE": "/dev/null"}, "both set"),
    ],
)
def test_a_passphrase_that_cannot_be_had_is_an_error(environ: dict[str, str], words: str) -> None:
    with pytest.raises(KeyFileError, match=words) as caught:
        signing.passphrase_from(environ)
    assert caught.value.code == "key.passphrase"


def test_openssl_reads_both_files_and_accepts_a_signature(path: Path, tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:  # another reader of the same files; everything else is tested without it
        return
    key = signing.create_key(path, holder="Holder & Söhne", at=AT)
    (tmp_path / "message").write_bytes(b"what was done")
    (tmp_path / "signature").write_bytes(key.sign(b"what was done"))
    command = [openssl, "pkeyutl", "-verify", "-rawin", "-in", tmp_path / "message"]
    command += ["-sigfile", tmp_path / "signature", "-pubin", "-inkey", signing.public_path(path)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    shown = subprocess.run([openssl, "pkey", "-in", path, "-noout"], capture_output=True, check=False)
    assert shown.returncode == 0
