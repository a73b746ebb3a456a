"""Rules: each mistake in them by name.

``broken_rules/xx`` holds one file for each mistake: the sound rulebook of ``good_rules/xx`` with one thing wrong. Its first
lines say which words the error must contain, the key among them.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from quietline import law
from quietline.errors import LawError

HERE = Path(__file__).parent
BROKEN = sorted((HERE / "broken_rules" / "xx").glob("*.yaml"))
GOOD = HERE / "good_rules"


def test_no_mistake_has_lost_its_fixture() -> None:
    assert len(BROKEN) >= 120


def test_the_rulebook_that_the_mistakes_were_made_in_is_sound() -> None:
    rulebook = law.load_rulebook("xx", folder=GOOD)
    assert [rule.id for rule in rulebook.regimes[0].rules] == ["XX-01", "XX-02", "XX-03", "XX-04"]


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_a_mistake_refuses_the_whole_rulebook_with_file_line_key_and_what_is_allowed(file: Path, tmp_path: Path) -> None:
    words = re.findall(r"^# must say: (.*)$", file.read_text("utf-8"), re.MULTILINE)
    assert len(words) >= 2
    (tmp_path / "xx").mkdir()
    shutil.copy(file, tmp_path / "xx")
    with pytest.raises(LawError) as caught:
        law.load_rulebook("xx", folder=tmp_path)
    assert caught.value.code == "law.invalid"
    assert re.search(rf"{re.escape(file.name)}, line \d+, at {re.escape(words[0])}:", caught.value.message), (
        caught.value.message
    )
    for each in words[1:]:
        assert each in caught.value.message


def two_instruments(folder: Path, **changes: str) -> None:
    """Write the sound rulebook twice, as two instruments, the second with changes; parameters belong to the first."""
    text = (GOOD / "xx" / "statute.yaml").read_text("utf-8")
    (folder / "xx").mkdir()
    (folder / "xx" / "statute.yaml").write_text(text, "utf-8")
    second = text[: text.index("parameters:")] + text[text.index("facts:") :]
    for old, new in {"id: statute": "id: treaty", "short: XA": "short: XB", **changes}.items():
        assert old in second
        second = second.replace(old, new, 1)
    (folder / "xx" / "treaty.yaml").write_text(second, "utf-8")


def test_two_instruments_may_have_rules_of_the_same_ids_and_share_parameters(tmp_path: Path) -> None:
    two_instruments(tmp_path)
    assert [regime.name for regime in law.load_rulebook("xx", folder=tmp_path).regimes] == ["statute", "treaty"]


def test_two_instruments_with_rules_are_not_called_the_same(tmp_path: Path) -> None:
    two_instruments(tmp_path, **{"short: XA": "short: XA"})
    with pytest.raises(LawError, match=r"treaty\.yaml, line .*another instrument is called XA as well"):
        law.load_rulebook("xx", folder=tmp_path)


def test_two_instruments_do_not_assume_the_same_fact(tmp_path: Path) -> None:
    text = (GOOD / "xx" / "statute.yaml").read_text("utf-8")
    assume = text[text.index("assume:") : text.index("facts:")]
    two_instruments(tmp_path, **{"facts:\n": f"{assume}facts:\n"})
    with pytest.raises(LawError, match=r"treaty\.yaml, line .*statute\.yaml assumes it as well"):
        law.load_rulebook("xx", folder=tmp_path)


def test_all_rules_of_a_rulebook_speak_of_the_same_facts(tmp_path: Path) -> None:
    two_instruments(tmp_path, **{"  covers:": "  vocabulary: card_issue\n  covers:"})
    with pytest.raises(LawError, match="all rules of a rulebook speak of the same facts, not of call and card_issue"):
        law.load_rulebook("xx", folder=tmp_path)
