"""What holds for every file of the project."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
from functools import cache
from pathlib import Path

from health.generated import generator

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/quietline"
_MODELS = "|".join(("chat" + "gpt", "clau" + "de", "cop" + "ilot", "large language " + "model"))
_REGISTRIES = "|".join(
    ("py" + r"pi\.", "python" + r"hosted\.", "registry" + r"\.npmjs", "arti" + "factory", "anaconda" + r"\.org")
)
_MACHINES = "|".join(("/ho" + "me/[a-z]", "/ro" + "ot/", "/Us" + "ers/", "/wo" + "rk/", "/t" + "mp/bash"))
FORBIDDEN = re.compile(f"{_MODELS}|{_REGISTRIES}|(?<![A-Za-z]){_MACHINES}", re.IGNORECASE)


@cache
def files() -> tuple[Path, ...]:
    """Give the files of the project: what git knows, and what it would take."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, check=False, text=True,
    )  # fmt: skip
    names = listed.stdout.split("\0")
    if listed.returncode:  # unpacked from an archive
        folders = ("src", "tests", "docs", "benchmarks", "requirements")
        names = [str(file.relative_to(ROOT)) for folder in folders for file in (ROOT / folder).rglob("*")]
        names = [name for name in names if "__pycache__" not in name and not name.endswith(".so")]
    found = tuple(ROOT / name for name in names if name and (ROOT / name).is_file())
    assert len(found) > 100
    return found


def python_files() -> list[Path]:
    found = [file for file in files() if file.suffix == ".py"]
    assert len(found) > 50
    return found


def test_no_file_names_a_registry_or_a_machine() -> None:
    for file in files():
        text = file.read_bytes().decode("utf-8", "replace")
        hit = FORBIDDEN.search(text)
        assert hit is None, f"{file.relative_to(ROOT)}: {hit[0] if hit else ''}"


def test_no_python_file_has_more_than_500_lines() -> None:
    for file in python_files():
        if file.parent.name == "migrations":  # written by a program, and as long as its tables have columns
            continue
        count = len(file.read_text("utf-8").splitlines())
        assert count <= 500, f"{file.relative_to(ROOT)} has {count} lines"


def test_only_the_command_line_reads_the_clock() -> None:
    seen = 0
    for file in sorted(SOURCE.rglob("*.py")):
        seen += 1
        if file.parent.name == "cli" or file == SOURCE / "web/base/clock.py":
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
                clock = (node.func.attr in {"now", "utcnow", "today"} and name in {"datetime", "date"}) or (
                    name == "time" and node.func.attr in {"time", "time_ns", "localtime", "gmtime"}
                )
                assert not clock, f"{file.relative_to(ROOT)}, line {node.lineno}"
    assert seen > 50


def test_public_names_are_sorted_and_there() -> None:
    seen = 0
    for file in sorted(SOURCE.rglob("*.py")):
        name = ".".join(file.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
        if name.endswith(("compile_plans", "__main__")) or name.startswith("quietline.web."):
            continue  # the rooms of the platform are read with Django, which has names of its own for their modules
        module = importlib.import_module(name)
        public = getattr(module, "__all__", None)
        if public is None:
            assert name in {"quietline", "quietline.cli", "quietline.cli.up", "quietline.web"}, f"{name} has no __all__"
            continue
        seen += 1
        order = sorted(public, key=_kind_and_name)
        assert list(public) == order or list(public) == sorted(public), name
        missing = [one for one in public if not hasattr(module, one)]
        assert not missing, f"{name}: {missing}"
    assert seen > 40


def _kind_and_name(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as the linter sorts them."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def test_a_code_belongs_to_one_class_and_begins_with_its_room() -> None:
    codes = generator().codes_in()
    assert len(codes) > 60
    rooms = {
        "usage": {"UsageError"},
        "input": {"InputError", "ColumnError", "StrictError"},
        "register": {"RegisterError", "RegisterCorruptError", "RegisterVersionError"},
        "output": {"OutputError"},
        "receipt": {"ReceiptError"},
        "key": {"KeyFileError"},
        "law": {"LawError"},
        "extra": {"MissingExtraError"},
        "vault": {"VaultError"},
        "ledger": {"LedgerError", "ObjectMissing"},
        "feed": {"FeedError"},
    }
    for code, places in codes.items():
        owners = {place.error for place in places if place.error}
        assert len(owners) <= 1, f"{code} is raised as {owners}"
        assert owners <= rooms[code.partition(".")[0]], f"{code} is raised as {owners}"


def test_the_codes_of_the_error_classes_are_unique() -> None:
    errors = importlib.import_module("quietline.errors")
    codes = [getattr(errors, name).code for name in errors.__all__]
    assert len(set(codes)) == len(codes)


def test_every_code_is_on_the_page() -> None:
    page = (ROOT / "docs/reference/errors.md").read_text("utf-8")
    for code in generator().codes_in():
        assert f"| `{code}` |" in page, code
