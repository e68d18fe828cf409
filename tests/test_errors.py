"""Errors have parts: whoever shows one calls its subject by the name that the user knows, and edits no text."""

from __future__ import annotations

import ast
import json
import pickle
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import photochrom
from error_kinds import KINDS
from photochrom.errors import OutputError, PhotochromError, reason_of
from photochrom.server.errors import error_document
from photochrom.workers.runner import Reply

SOURCES = Path(photochrom.__file__).parent
names = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30)
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)


def test_every_class_of_an_error_is_a_kind_with_a_code_of_its_own() -> None:
    written = {"PhotochromError": "Exception"}
    classes = [
        (node.name, [ast.unparse(base) for base in node.bases])
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    for _ in classes:  # until no class is added any more
        added = {name: bases[0] for name, bases in classes if any(base in written for base in bases)}
        if added.keys() <= written.keys():
            break
        written |= added
    assert {kind.__name__ for kind in KINDS} == written.keys()
    codes = [vars(kind)["code"] for kind in KINDS]  # its own, not its base's
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_code_is_documented(kind: type[PhotochromError]) -> None:
    docs = SOURCES.parents[1] / "docs" / "serving.md"
    tree = {
        module: (SOURCES / module).read_text(encoding="utf-8")
        for module in ("errors.py", "server/request_errors.py")
    }
    assert any(kind.code in text and kind.__name__ in text for text in tree.values())
    if docs.exists():
        assert f"`{kind.code}`" in docs.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
@given(old=names, new=names, problem=texts, remedy=texts)
def test_an_error_shown_for_another_subject_does_not_know_the_old_one(
    kind: type[PhotochromError], old: str, new: str, problem: str, remedy: str
) -> None:
    raised = kind(Path(f"/spool/{old}/result.jpg"), problem, remedy)
    subject = raised.subject
    assert subject is not None
    assume(subject not in f"{new}: {problem}; {remedy}")
    shown = raised.about(new)
    document = error_document(415, shown)
    for text in (str(shown), json.dumps(document, ensure_ascii=False), repr(pickle.loads(pickle.dumps(shown)))):
        assert subject not in text
        assert json.dumps(subject, ensure_ascii=False)[1:-1] not in text
    assert str(shown) == f"{new}: {problem}; {remedy}"
    assert document["detail"] == str(shown)
    members = {name: document[name] for name in ("code", "subject", "problem", "remedy")}
    assert members == {"code": kind.code, "subject": new, "problem": problem, "remedy": remedy}
    assert type(shown) is kind
    assert str(raised) == f"{subject}: {problem}; {remedy}"  # which stays what it was


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_an_error_comes_whole_from_another_process(kind: type[PhotochromError]) -> None:
    raised = kind(Path("/photos/gro\udcdf.jpg"), "is damaged", "scan it again")
    answer = pickle.loads(pickle.dumps(Reply(error=raised))).error
    assert type(answer) is kind
    assert (answer.subject, answer.problem, answer.remedy) == (
        "/photos/gro\udcdf.jpg",
        "is damaged",
        "scan it again",
    )


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_an_error_of_one_text_is_no_error(kind: type[PhotochromError]) -> None:
    with pytest.raises(TypeError):
        kind("photo.jpg: is damaged; scan it again")  # type: ignore[call-arg]


def test_an_error_about_nothing_says_what_is_wrong() -> None:
    error = OutputError(None, "the disk is full", "free some space")
    assert (error.subject, str(error), error.statement) == (
        None,
        "the disk is full; free some space",
        error.problem,
    )
    assert str(error.about("out")) == "out: the disk is full; free some space"


def test_the_reason_of_another_library_names_no_file_that_a_user_may_not_know(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    assert reason_of(RuntimeError(f"Load model from {path} failed:\nno"), path) == "Load model from it failed:"
    assert reason_of(PermissionError(13, "Permission denied", str(path))) == "Permission denied"
    assert reason_of(ValueError()) == "ValueError"
