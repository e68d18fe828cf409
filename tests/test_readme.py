"""What README and docs tell a user to type is what the program takes, and what CI runs."""

import re
from pathlib import Path

import pytest

from photochrom.cli.main import parse_arguments
from photochrom.cli.shared_arguments import parse_pairs
from photochrom.training.recipe import Recipe, load_recipe

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]


def commands():
    found = []
    for page in PAGES:
        for line in re.findall(r"^ {4}(.+)$", page.read_text(encoding="utf-8"), re.M):
            line = re.sub(r" \[--.+\]$", "", line)  # what is optional in a synopsis
            line = re.sub(r" [<>] \S+", "", line)  # the shell's own
            for words in (part.split() for part in line.split("&&")):
                if words and Path(words[0]).name == "photochrom":
                    found.append(pytest.param(words[1:], id=f"{page.name}: {' '.join(words)[:70]}"))
    return found


@pytest.mark.parametrize("words", commands())
def test_every_command_in_the_docs_is_taken(words):
    args = parse_arguments(words)
    if args.command == "train" and args.recipe != "RECIPE":
        assert isinstance(load_recipe(args.recipe, parse_pairs(args.set)), Recipe)


def test_ci_runs_the_readme_s_own_commands():
    main_job, tests = re.findall(r"^ {4}(python3 -m venv .+)$", README, re.M)
    assert "torch" not in main_job
    assert "colorize examples --output colorized" in main_job
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert tests in ci
    assert ci.index("ruff check") < ci.index("ruff format --check") < ci.index("mypy") < ci.index(tests)


def test_the_python_example_runs(tmp_path, monkeypatch):
    (code,) = re.findall(r"```python\n(.+?)```", README, re.S)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(code, names)
    assert (tmp_path / "cat-in-colour.jpg").exists()
    assert names["picture"].to_numpy().shape[2] == 3


def test_linked_files_are_there():
    for page in PAGES:
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
