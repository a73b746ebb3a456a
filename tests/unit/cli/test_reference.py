"""Every command and option explains itself, and is on the reference page."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from health.generated import generator

ROOT = Path(__file__).parents[3]
COMMANDS = list(generator().commands())


def test_all_commands_were_found() -> None:
    paths = {path for path, _, _ in COMMANDS}
    assert {"quietline wash", "quietline number", "quietline register build", "quietline receipt verify"} <= paths
    assert len(paths) >= 15


@pytest.mark.parametrize(("path", "command"), [(path, command) for path, command, _ in COMMANDS])
def test_a_command_and_all_its_options_have_help(path: str, command: click.Command) -> None:
    assert command.help
    assert len(command.help) > 10
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.opts}"


@pytest.mark.parametrize(("path", "command"), [(path, command) for path, command, _ in COMMANDS])
def test_a_command_is_on_the_page_with_all_its_options(path: str, command: click.Command) -> None:
    page = (ROOT / "docs/reference/cli.md").read_text("utf-8")
    assert f"## `{path}`\n" in page
    part = page.split(f"## `{path}`\n", 1)[1].split("\n## ", 1)[0]
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert all(option in part for option in parameter.opts), f"{path} {parameter.opts}"


@pytest.mark.parametrize(("path", "command", "context"), COMMANDS)
def test_no_help_page_shows_a_mark_that_is_meant_for_the_formatter(
    path: str, command: click.Command, context: click.Context
) -> None:
    text = command.get_help(context)
    assert "\\b" not in text, path
    assert "\b" not in text, path


@pytest.mark.parametrize("path", [path for path, command, _ in COMMANDS if not isinstance(command, click.Group)])
def test_a_command_or_its_group_has_an_example(path: str) -> None:
    group = path.rpartition(" ")[0]
    texts = {name: command.get_help(context) for name, command, context in COMMANDS}
    assert "Example" in texts[path] or (group != "quietline" and "Example" in texts[group]), path
