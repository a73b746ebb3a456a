"""What holds is accepted, and whatever was changed, exchanged or left out is refused."""

from __future__ import annotations

import copy
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from quietline.errors import InputError, QuietlineError, ReceiptError, UsageError
from quietline.ledger.receipts import document_bytes, sign_document
from quietline.ledger.signing import SigningKey, create_key
from quietline.registers import Entries, Metadata, RegisterBuilder
from quietline.registers.writer import BlockWriter
from quietline.tables import AtomicFile
from quietline.wash import wash
from quietline.wash.proofs_file import ProofsWriter, open_proofs
from quietline.wash.receipt_checks import prove, read_document, verify_proof, verify_receipt
from quietline.wash.receipt_format import receipt_digest
from quietline.wash.receipts import ReceiptRequest

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = datetime(2025, 11, 22, 5, 30, tzinfo=UTC)
NUMBERS = [f"+1212555{i:04}" for i in range(100, 119)]
LISTED = NUMBERS[:5]


class Washed:
    """One wash with its receipt."""

    def __init__(self, where: Path, name: str, key: SigningKey, register: Path, numbers: list[str]) -> None:
        self.list, self.clean = where / f"{name}.csv", where / f"{name}_clean.csv"
        self.path, self.proofs = where / f"{name}.receipt", where / f"{name}.receipt.proofs"
        self.list.write_text("phone\n" + "".join(f"{number}\n" for number in numbers))
        request = ReceiptRequest(self.path, key=key, at=AT)
        wash(self.list, against=[register], country="US", clean=self.clean, receipt=request)
        self.document = read_document(self.path)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> list[SigningKey]:
    where = tmp_path_factory.mktemp("keys")
    return [create_key(where / name, holder=f"Holder of {name}", at=AT) for name in ("ours", "theirs")]


@pytest.fixture(scope="module")
def washes(tmp_path_factory: pytest.TempPathFactory, keys: list[SigningKey]) -> list[Washed]:
    where = tmp_path_factory.mktemp("washes")
    register = where / "dnc.qlr"
    with RegisterBuilder() as builder:
        builder.add(Entries(np.array([int(number) for number in LISTED], dtype=np.uint64)))
        builder.write(register, Metadata("DNC", country="US", list_date=date(2025, 11, 20)))
    return [
        Washed(where, "first", keys[0], register, NUMBERS),
        Washed(where, "second", keys[0], register, NUMBERS),
        Washed(where, "third", keys[0], register, NUMBERS[3:4]),
    ]


@pytest.fixture(scope="module")
def washed(washes: list[Washed]) -> Washed:
    return washes[0]


@pytest.fixture(scope="module")
def proof(washed: Washed) -> dict[str, Any]:
    return prove(washed.document, washed.proofs, [NUMBERS[0], NUMBERS[7]])


def places(value: Any, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the way to each thing in a document that is not an object or a list itself."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from places(member, (*so_far, name))
    elif isinstance(value, list) and value:
        for i, member in enumerate(value):
            yield from places(member, (*so_far, i))
    else:
        yield so_far


def with_change(document: dict[str, Any], place: tuple[Any, ...], change: Any) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    inside = changed
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = change(inside[place[-1]])
    return changed


def another(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1:] != "0" else "1")
    return "something"


def resigned(document: dict[str, Any], key: SigningKey, **members: Any) -> dict[str, Any]:
    body = {name: member for name, member in document.items() if name != "signature"}
    return sign_document(body | members, key)


# -- receipts ----------------------------------------------------------------------------------------------------------


def test_a_genuine_receipt_holds_with_and_without_its_files(washed: Washed, keys: list[SigningKey]) -> None:
    check = verify_receipt(washed.path.read_bytes())
    assert (check.trusted, check.matched) == (False, ())
    assert check.key.key_id == keys[0].key_id
    assert check.signed_at == AT
    files = {"list": washed.list, "clean": washed.clean}
    check = verify_receipt(washed.document, files=files, trusted=[keys[0].key_id])
    assert (check.trusted, check.matched) == (True, ("list", "clean"))


def test_a_receipt_may_be_written_in_another_layout(washed: Washed) -> None:
    assert verify_receipt(json.dumps(washed.document, sort_keys=True).encode()).receipt["country"] == "US"


def test_any_single_change_is_noticed(washed: Washed) -> None:
    for place in places(washed.document):
        with pytest.raises(ReceiptError):
            verify_receipt(with_change(washed.document, place, another))


def test_a_member_more_or_less_is_noticed(washed: Washed) -> None:
    for name in washed.document:
        with pytest.raises(ReceiptError):
            verify_receipt({other: member for other, member in washed.document.items() if other != name})
    with pytest.raises(ReceiptError):
        verify_receipt(washed.document | {"remark": "approved"})


def test_a_receipt_signed_by_somebody_else_holds_only_where_nobody_is_trusted(
    washed: Washed, keys: list[SigningKey]
) -> None:
    forged = resigned(washed.document, keys[1])
    assert verify_receipt(forged).key.key_id == keys[1].key_id
    with pytest.raises(ReceiptError) as raised:
        verify_receipt(forged, trusted=[keys[0].key_id])
    assert raised.value.code == "receipt.untrusted"
    with pytest.raises(ReceiptError):
        verify_receipt(forged, trusted=[])


def test_a_signed_document_of_another_kind_is_no_receipt(washed: Washed, keys: list[SigningKey]) -> None:
    for members in ({"kind": "quietline register statement"}, {"kind": None}):
        with pytest.raises(ReceiptError) as raised:
            verify_receipt(resigned(washed.document, keys[0], **members))
        assert raised.value.code == "receipt.malformed"


def test_a_receipt_of_a_later_format_is_refused_by_name(washed: Washed, keys: list[SigningKey]) -> None:
    for version in (2, True, "1", None):
        with pytest.raises(ReceiptError, match="format") as raised:
            verify_receipt(resigned(washed.document, keys[0], format=version))
        assert raised.value.code == "receipt.version"


def test_a_signer_cannot_put_nonsense_into_a_receipt_unnoticed(washed: Washed, keys: list[SigningKey]) -> None:
    numbers = washed.document["numbers"]
    for members in (
        {"remark": "approved"},
        {"numbers": numbers | {"root": "00"}},
        {"numbers": numbers | {"root": numbers["root"].upper()}},
        {"numbers": numbers | {"size": -1}},
        {"numbers": numbers | {"size": True}},
        {"reliance": {}},
        {"reliance": {"until": "for ever"}},
        {"reliance": {"undetermined": 1}},
        {"registers": [{}]},
        {"at": "yesterday"},
        {"at": "2025-11-22T05:30:00"},
        {"list": {"bytes": 1}},
    ):
        with pytest.raises(ReceiptError) as raised:
            verify_receipt(resigned(washed.document, keys[0], **members))
        assert raised.value.code == "receipt.malformed"


def test_a_list_with_one_byte_changed_is_not_the_list(washed: Washed, tmp_path: Path) -> None:
    data = bytearray(washed.list.read_bytes())
    data[-2] ^= 1
    other = tmp_path / "other.csv"
    other.write_bytes(data)
    with pytest.raises(ReceiptError, match="its size is right, but not its content") as raised:
        verify_receipt(washed.document, files={"list": other})
    assert raised.value.code == "receipt.mismatch"
    other.write_bytes(data + b"\n")
    with pytest.raises(ReceiptError, match=f"it has {len(data) + 1} bytes, not {len(data)}"):
        verify_receipt(washed.document, files={"list": other})


def test_files_are_not_taken_for_each_other(washed: Washed) -> None:
    with pytest.raises(ReceiptError, match="not the list"):
        verify_receipt(washed.document, files={"list": washed.clean})
    with pytest.raises(ReceiptError, match="not the clean list"):
        verify_receipt(washed.document, files={"clean": washed.list})
    with pytest.raises(ReceiptError, match="says nothing of a removed list"):
        verify_receipt(washed.document, files={"removed": washed.list})


def test_a_file_that_cannot_be_read_is_no_mismatch(washed: Washed, tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(InputError):
            verify_receipt(washed.document, files={"list": path})


def test_a_receipt_is_current_up_to_its_last_day(washed: Washed) -> None:
    check = verify_receipt(washed.document)
    assert check.until == check.own_until == date(2025, 12, 21)
    assert check.is_current(date(2025, 12, 21))
    assert not check.is_current(date(2025, 12, 22))


def test_a_signer_who_gives_himself_more_days_is_not_believed(washed: Washed, keys: list[SigningKey]) -> None:
    reliance = washed.document["reliance"] | {"until": "2099-12-31"}
    check = verify_receipt(resigned(washed.document, keys[0], reliance=reliance))
    assert check.until == date(2099, 12, 31)
    assert check.own_until == date(2025, 12, 21)
    assert not check.is_current(date(2025, 12, 22))


def test_a_receipt_without_a_last_day_is_never_current(washed: Washed, keys: list[SigningKey]) -> None:
    check = verify_receipt(resigned(washed.document, keys[0], reliance={"undetermined": "The law is silent."}))
    assert (check.until, check.undetermined) == (None, "The law is silent.")
    assert not check.is_current(date(2025, 11, 22))


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff\xfe", b'{"kind": "quietline wash receipt"}', b"[" * 5000])
def test_other_files_are_no_receipts(data: bytes) -> None:
    for check in (verify_receipt, verify_proof):
        with pytest.raises(ReceiptError):
            check(data)


# -- proofs ------------------------------------------------------------------------------------------------------------


def test_every_number_of_the_list_can_be_proved(washed: Washed) -> None:
    proof = prove(washed.document, washed.proofs, NUMBERS)
    answers = verify_proof(document_bytes(proof), receipt=washed.document).answers
    assert {number: answer.text for number, answer in answers.items()} == {
        number: "registered" if number in LISTED else "not_registered" for number in NUMBERS
    }


def test_a_list_of_one_number_can_be_proved(washes: list[Washed]) -> None:
    proof = prove(washes[2].document, washes[2].proofs, [NUMBERS[3]])
    assert proof["numbers"][0]["path"] == []
    assert list(verify_proof(proof).answers) == [NUMBERS[3]]


def test_a_number_is_found_however_it_is_written_and_given_once(washed: Washed) -> None:
    proof = prove(washed.document, washed.proofs, ["(212) 555-0100", "+1 212 555 0100"])
    assert [entry["number"] for entry in proof["numbers"]] == ["+12125550100"]


def test_a_proof_shows_no_other_number(washed: Washed, proof: dict[str, Any]) -> None:
    text = json.dumps(proof)
    assert not [number for number in NUMBERS if number in text and number not in (NUMBERS[0], NUMBERS[7])]
    extra = Path(washed.proofs).read_bytes()
    assert proof["numbers"][0]["salt"].encode() not in extra


@pytest.mark.parametrize("number", ["+12125550119", "+12125550099", "+12125550", "+442079460000"])
def test_a_number_that_was_not_in_the_list_cannot_be_proved(washed: Washed, number: str) -> None:
    with pytest.raises(QuietlineError) as raised:
        prove(washed.document, washed.proofs, [NUMBERS[0], number])
    assert raised.value.code == "receipt.not_covered"
    assert number in raised.value.message
    assert NUMBERS[0] not in raised.value.message


def test_what_is_no_number_is_said_to_be_none(washed: Washed) -> None:
    with pytest.raises(UsageError, match="not a telephone number"):
        prove(washed.document, washed.proofs, ["nobody"])
    with pytest.raises(UsageError):
        prove(washed.document, washed.proofs, [])


def test_any_single_change_to_a_proof_is_noticed(washed: Washed, proof: dict[str, Any]) -> None:
    for place in places(proof):
        changed = with_change(proof, place, another)
        if place == ("statement",):
            continue  # words for people; nothing hangs on them
        with pytest.raises(ReceiptError):
            verify_proof(changed, receipt=washed.document)


def test_another_number_answer_or_place_does_not_fit_a_proof(proof: dict[str, Any]) -> None:
    first, second = proof["numbers"]
    for entry in (
        first | {"number": second["number"]},
        first | {"number": "+12125550119"},
        first | {"answer": "not_registered"},
        first | {"answer": "unassigned"},
        first | {"answer": "clean"},
        first | {"index": second["index"]},
        first | {"index": len(NUMBERS)},
        first | {"salt": second["salt"]},
        first | {"path": second["path"]},
        first | {"path": first["path"][:-1]},
        first | {"path": [*first["path"], first["path"][-1]]},
        first | {"path": first["path"][::-1]},
        first | {"salt": first["salt"] + "00"},
        first | {"salt": first["salt"].upper() + " "},
        first | {"number": first["number"].removeprefix("+")},
        first | {"approved": True},
        {name: member for name, member in first.items() if name != "salt"},
    ):
        with pytest.raises(ReceiptError):
            verify_proof(proof | {"numbers": [entry]})
    with pytest.raises(ReceiptError):
        verify_proof(proof | {"numbers": []})


def test_a_proof_does_not_fit_another_receipt(washes: list[Washed], proof: dict[str, Any]) -> None:
    for other in washes[1:]:
        with pytest.raises(ReceiptError) as raised:
            verify_proof(proof, receipt=other.document)
        assert raised.value.code == "receipt.other"
        with pytest.raises(ReceiptError) as raised:
            verify_proof(proof | {"receipt": other.document})
        assert raised.value.code == "receipt.inclusion"


def test_a_proof_from_a_receipt_signed_by_somebody_else_is_not_trusted(
    proof: dict[str, Any], keys: list[SigningKey]
) -> None:
    assert verify_proof(proof, trusted=[keys[0].key_id]).receipt.trusted
    forged = proof | {"receipt": resigned(proof["receipt"], keys[1])}
    with pytest.raises(ReceiptError) as raised:
        verify_proof(forged, trusted=[keys[0].key_id])
    assert raised.value.code == "receipt.untrusted"


def test_a_receipt_and_a_proof_are_not_taken_for_each_other(washed: Washed, proof: dict[str, Any]) -> None:
    with pytest.raises(ReceiptError):
        verify_proof(washed.document)
    with pytest.raises(ReceiptError):
        verify_receipt(proof)


# -- the private half --------------------------------------------------------------------------------------------------


def test_the_private_half_of_another_receipt_proves_nothing(washes: list[Washed]) -> None:
    with pytest.raises(ReceiptError, match="another receipt"):
        prove(washes[0].document, washes[1].proofs, [NUMBERS[0]])


def test_a_register_is_not_taken_for_a_private_half(washed: Washed) -> None:
    with pytest.raises(ReceiptError, match="not the proofs file"):
        prove(washed.document, washed.list.parent / "dnc.qlr", [NUMBERS[0]])
    with pytest.raises(InputError):
        prove(washed.document, washed.list, [NUMBERS[0]])


def forge(path: Path, washed: Washed, numbers: list[str], answers: list[int], **extra: object) -> Path:
    """Write a private half as somebody would who has it: same secret, other content."""
    with open_proofs(washed.proofs, receipt_digest(washed.document)) as proofs:
        secret = proofs.secret
    with AtomicFile(path) as out:
        writer = ProofsWriter(out, secret)
        keys = np.array([int(number) for number in numbers], dtype=np.uint64)
        list(writer.passing([(keys, np.array(answers, dtype=np.uint8))]))
        writer.finish(receipt_digest(washed.document), **extra)
    return path


def test_the_private_half_leads_to_the_root_whoever_writes_it_anew(washed: Washed, tmp_path: Path) -> None:
    right = [int(number in LISTED) for number in NUMBERS]
    path = forge(tmp_path / "again.proofs", washed, NUMBERS, right)
    assert verify_proof(prove(washed.document, path, NUMBERS[:1])).answers[NUMBERS[0]].text == "registered"


def test_a_number_slipped_into_the_private_half_cannot_be_proved(washed: Washed, tmp_path: Path) -> None:
    right = [int(number in LISTED) for number in NUMBERS]
    for numbers, answers in (
        ([*NUMBERS, "+12125550119"], [*right, 0]),
        ([*NUMBERS[:-1], "+12125550119"], right),
        (NUMBERS[:-1], right[:-1]),
        (NUMBERS, [0, *right[1:]]),
        (NUMBERS, [*right[:-1], 3]),
    ):
        path = forge(tmp_path / "forged.proofs", washed, numbers, answers)
        with pytest.raises(ReceiptError) as raised:
            prove(washed.document, path, [numbers[-1]])
        assert raised.value.code == "receipt.proofs"


@pytest.mark.parametrize("secret", [None, "no", "00" * 32, "00" * 31])
def test_a_private_half_without_its_secret_proves_nothing(washed: Washed, tmp_path: Path, secret: object) -> None:
    right = [int(number in LISTED) for number in NUMBERS]
    path = forge(tmp_path / "forged.proofs", washed, NUMBERS, right, secret=secret)
    with pytest.raises(ReceiptError) as raised:
        prove(washed.document, path, [NUMBERS[0]])
    assert raised.value.code == "receipt.proofs"


def test_a_private_half_that_is_damaged_anywhere_proves_nothing(washed: Washed, tmp_path: Path) -> None:
    whole = washed.proofs.read_bytes()
    path = tmp_path / "damaged.proofs"
    for place in range(len(whole) - 200):  # behind stand names, of which some could be spelt otherwise
        data = bytearray(whole)
        data[place] ^= 1
        path.write_bytes(data)
        with pytest.raises(QuietlineError):
            prove(washed.document, path, [NUMBERS[0]])
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(QuietlineError):
            prove(washed.document, path, [NUMBERS[0]])


def test_a_private_half_of_an_earlier_release_proves_as_before(washed: Washed, tmp_path: Path) -> None:
    with open_proofs(washed.proofs, receipt_digest(washed.document)) as proofs:
        [(keys, answers)] = list(proofs.pieces())
        extra = {"purpose": "wash proofs", "secret": proofs.secret.hex(), "receipt": receipt_digest(washed.document)}
    path = tmp_path / "old.proofs"
    terms = ("", "registered", "unassigned")
    with AtomicFile(path) as out:
        writer = BlockWriter(out, Metadata("wash proofs", country="US", list_date=AT.date(), terms=terms, extra=extra))
        writer.add(Entries(keys, terms=answers.astype(np.uint16)))
        out.write_at(0, writer.finish())
    assert verify_proof(prove(washed.document, path, NUMBERS[:1])).answers[NUMBERS[0]].text == "registered"


def test_a_private_half_of_a_later_release_is_not_guessed_at(washed: Washed, tmp_path: Path) -> None:
    path = forge(tmp_path / "later.proofs", washed, NUMBERS, [0] * len(NUMBERS), format=3)
    with pytest.raises(ReceiptError, match="newer release"):
        prove(washed.document, path, [NUMBERS[0]])
