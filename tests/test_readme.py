"""The commands of the README exist and do what they are there for."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import typer.testing

from onelot.app.cli import app

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "way-of-the-data.md", ROOT / "docs" / "install.md")


def commands(text: str) -> list[list[str]]:
    """Every `onelot …` line inside a fenced block, comments and prompts taken off."""
    found = []
    for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            if not line.removeprefix("$ ").startswith("onelot "):
                continue
            for part in line.split("#")[0].removeprefix("$ ").split("&&"):
                words = shlex.split(part.strip())
                if words and words[0] == "onelot":
                    found.append(words[1:])
    return found


def test_every_command_named_in_the_documents_exists() -> None:
    runner = typer.testing.CliRunner()
    named = [words for path in DOCUMENTS if path.exists() for words in commands(path.read_text())]
    assert len(named) >= 5
    for words in named:
        verbs = [word for word in words if re.fullmatch(r"[a-z]+", word)]
        shown = runner.invoke(app, [verbs[0], "--help"])
        assert shown.exit_code == 0, f"onelot {' '.join(words)}: {shown.output}"
        for option in (word for word in words if word.startswith("--")):
            deeper = runner.invoke(app, [*verbs[:2], "--help"]) if option not in shown.output else shown
            assert option in deeper.output, f"onelot {' '.join(words)}: no option {option}"


def test_the_two_commands_are_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
