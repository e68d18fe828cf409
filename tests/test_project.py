"""What the project says about itself in several places is the same in all of them."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from photochrom import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_the_citation_is_of_this_version():
    citation = load(ROOT / "CITATION.cff")
    assert (citation["title"], citation["version"], citation["license"]) == (
        PROJECT["name"],
        __version__,
        PROJECT["license"],
    )


def test_workflows_try_each_python_that_is_declared():
    declared = [re.search(r":: Python :: (3\.\d+)$", line) for line in PROJECT["classifiers"]]
    declared = [match[1] for match in declared if match]
    assert PROJECT["requires-python"] == f">={declared[0]}"
    jobs = [job for path in WORKFLOWS for job in load(path)["jobs"].values() if "strategy" in job]
    assert len(jobs) == 2  # the tests, and the wheel by itself
    for job in jobs:
        assert job["strategy"]["matrix"]["python"] == declared
        assert {name.split("-")[0] for name in job["strategy"]["matrix"]["os"]} == {"ubuntu", "macos", "windows"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_hash(path):
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    assert used
    for action in used:
        assert re.fullmatch(r"\$/\.github/workflows/\w+\.yml|[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), (
            action
        )


def test_a_workflow_may_do_nothing_that_its_jobs_do_not_name():
    for path in WORKFLOWS:
        assert load(path)["permissions"] == {}
        assert all("permissions" in job for job in load(path)["jobs"].values()), path.name


def test_files_that_contributing_names_are_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:src|tests|docs|recipes|\.github)/[^`]*)`", text)
    assert len(named) > 20
    assert [name for name in named if "NAME" not in name and not (ROOT / name).exists()] == []


def test_files_that_the_glossary_and_the_architecture_name_are_there():
    package = ROOT / "src" / "photochrom"
    names = {path.name for path in package.rglob("*.py")}
    for page in ("architecture.md", "glossary.md"):
        text = re.sub(r"```.*?```", "", (ROOT / "docs" / page).read_text(encoding="utf-8"), flags=re.S)
        named = re.findall(r"`([\w./]+(?:\.py|/))`", text)
        assert len(named) > 20
        for name in named:
            there = name in names or (package / name).exists() or (ROOT / name).exists()
            there = there or (package / "server" / name).exists()  # a room within that room
            assert there, f"{page} names {name}"
