"""The pages are up to date, lead somewhere, and leave nothing out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from health.generated import generator

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src/quietline"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    folders = (DOCS, ROOT / "tests", ROOT / "benchmarks", ROOT / "src")
    found = [
        *ROOT.glob("*.md"),
        *(page for folder in folders for page in folder.rglob("*.md") if "node_modules" not in page.parts),
    ]
    assert len(found) > 25
    return found


@pytest.mark.parametrize("name", sorted(generator().PAGES))
def test_a_generated_page_is_what_the_code_says(name: str) -> None:
    page = generator().PAGES[name]
    assert (DOCS / "reference" / name).read_text("utf-8") == generator().head_of(name) + page(), "run: make docs"


def test_no_page_of_a_rulebook_that_is_gone_is_left() -> None:
    made = {name for name in generator().PAGES if name.startswith("law-")}
    assert len(made) >= 5
    assert {page.name for page in (DOCS / "reference").glob("law-*.md")} == made


def test_links_lead_to_files_that_are_there() -> None:
    seen = 0
    for page in pages():
        for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
            if target.startswith(("http://", "https://", "mailto:", "#")):
                continue
            seen += 1
            assert (page.parent / target.partition("#")[0]).exists(), f"{page.relative_to(ROOT)} links to {target}"
    assert seen > 60


def test_every_page_is_reached_from_the_index() -> None:
    waiting, reached = [DOCS / "README.md"], set()
    while waiting:
        page = waiting.pop().resolve()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            waiting += [page.parent / link for link in LINK.findall(page.read_text("utf-8")) if "://" not in link]
    missing = [page for page in DOCS.rglob("*.md") if page.resolve() not in reached]
    assert not missing


def test_the_architecture_names_every_room() -> None:
    text = (DOCS / "explanation/architecture.md").read_text("utf-8")
    folders = [path.relative_to(SOURCE) for path in SOURCE.rglob("*") if path.is_dir()]
    folders = [folder for folder in folders if not any(part.startswith((".", "_")) for part in folder.parts)]
    # inside web every room has the folders that Django wants
    rooms = [folder.as_posix() for folder in folders if folder.parts[0] != "web" or len(folder.parts) < 3]
    rooms = [room for room in rooms if "rulebooks/" not in room]
    rooms.remove("audit/templates")
    assert len(rooms) >= 8
    for room in [*rooms, "errors"]:
        assert f"`{room}`" in text, room


def test_the_glossary_has_both_languages_in_every_line() -> None:
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", (DOCS / "reference/glossary.md").read_text("utf-8"), re.MULTILINE)
    rows = [row for row in rows if not row[0].startswith(("---", "English"))]
    assert len(rows) > 40
    for english, chinese, meaning in rows:
        assert re.search("[\u4e00-\u9fff]", chinese), english
        assert meaning.strip()


def test_the_pages_of_the_law_have_every_citation() -> None:
    files = sorted((SOURCE / "law/rulebooks").rglob("*.yaml"))
    assert len(files) >= 25
    seen = 0
    for file in files:
        text = (DOCS / f"reference/law-{file.parent.name}.md").read_text("utf-8")
        for citation in _citations(yaml.safe_load(file.read_text("utf-8"))):
            assert " ".join(citation.split()).replace("|", "\\|") in text, file
            seen += 1
    assert seen > 500


def _citations(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "citation" and isinstance(value, str):  # a measure can have that name
                yield value
            else:
                yield from _citations(value)
    elif isinstance(node, list):
        for item in node:
            yield from _citations(item)


def test_the_decisions_are_numbered_without_gaps_and_have_their_four_parts() -> None:
    records = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    assert len(records) >= 9
    for number, record in enumerate(records, 1):
        text = record.read_text("utf-8")
        assert record.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number}. ")
        for part in ("Context.", "Options.", "Decision.", "Consequences."):
            assert f"**{part}**" in text, f"{record.name}: {part}"


def test_the_figures_of_the_readme_stand_between_their_marks() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert text.count("<!-- figures -->") == 2
    assert text.split("<!-- figures -->")[1].strip().startswith("|")
