"""No code reads, splits or edits the text of an error: its class, its code and its parts say all."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import photochrom

SOURCES = Path(photochrom.__file__).parent

# Where the text of another library's error is read, which has nothing else to go by.
FOREIGN = {
    "data/prefetch.py:batches",
    "data/remote.py:_reason",
    "errors.py:reason_of",
    "io/decoders/raw.py:_reason",
    "io/reader.py:_forgives",
    "io/vips.py:damaged",
    "io/vips.py:open_image",
    "io/vips.py:reason",
    "training/distributed.py:join_ranks",
    "training/failures.py:explain_failures",
    "training/recipe.py:_where",
}
PARTS = {"problem", "remedy", "statement", "detail", "args"}
EDITS = {
    *("split", "rsplit", "splitlines", "partition", "rpartition", "replace", "removeprefix", "removesuffix"),
    *("startswith", "endswith", "find", "rfind", "index", "count", "strip", "lstrip", "rstrip", "translate"),
}
SHOWN_BY = {"print", "one_line", "problem", "say", "_note_divergence", "cls", "__init__", "usage_error"}
"""What may be given the text of an error, for it shows or keeps it as it is."""
MATCHES = {"search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}


class _Reader(ast.NodeVisitor):
    """Finds what reads or edits an error's text in one file."""

    def __init__(self) -> None:
        self.found: list[tuple[str, int]] = []
        self._function = "module"
        self._errors: set[str] = set()  # names of errors
        self._texts: set[str] = set()  # names of their texts

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        before = self._function, self._errors, self._texts
        arguments = [*node.args.args, *node.args.kwonlyargs]
        errors = {each.arg for each in arguments if each.annotation and _is_error(ast.unparse(each.annotation))}
        self._function, self._errors, self._texts = node.name, self._errors | errors, set(self._texts)
        for line in node.body:
            self.visit(line)
        self._function, self._errors, self._texts = before

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        before = self._errors
        self._errors = before | ({node.name} if node.name else set())
        self.generic_visit(node)
        self._errors = before

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        if self._is_text(node.value):
            self._texts |= {target.id for target in node.targets if isinstance(target, ast.Name)}

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute):
            edits = node.func.attr in EDITS and self._is_text(node.func.value)
            if edits or (node.func.attr in MATCHES and any(map(self._is_text, node.args))):
                self._note(node)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in SHOWN_BY | {"str"} and any(self._is_whole(given) for given in node.args):
            self._note(node)  # it may read or edit it

    def visit_Compare(self, node: ast.Compare) -> None:
        self.generic_visit(node)
        sides = [node.left, *node.comparators]
        within = [
            right for kind, right in zip(node.ops, sides[1:], strict=True) if isinstance(kind, ast.In | ast.NotIn)
        ]
        equal = sides if any(isinstance(kind, ast.Eq | ast.NotEq) for kind in node.ops) else []
        if any(map(self._is_text, [*within, *equal])):
            self._note(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.generic_visit(node)
        if self._is_text(node.value):
            self._note(node)

    def _note(self, node: ast.expr) -> None:
        self.found.append((self._function, node.lineno))

    def _is_text(self, node: ast.expr) -> bool:
        """Say whether an expression is the text of an error, or a part of it, or holds one."""
        match node:
            case ast.Name(id=name):
                return name in self._texts
            case ast.Attribute(attr=attr, value=value):
                return attr in PARTS and (attr != "args" or self._is_an_error(value))
            case ast.Call(func=ast.Name(id="str" | "repr"), args=[of]):
                return self._is_an_error(of) or self._is_text(of)
            case ast.Call(func=ast.Attribute(value=of)):
                return self._is_text(of)  # str(error).strip()
            case ast.JoinedStr(values=values):
                inner = [value.value for value in values if isinstance(value, ast.FormattedValue)]
                return any(self._is_an_error(of) or self._is_text(of) for of in inner)
            case ast.BinOp(left=left, right=right):
                return self._is_text(left) or self._is_text(right)
        return False

    def _is_whole(self, node: ast.expr) -> bool:
        """Say whether an expression is the whole text of an error."""
        return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "str" and self._is_text(node)

    def _is_an_error(self, node: ast.expr) -> bool:
        return (isinstance(node, ast.Name) and node.id in self._errors) or (
            isinstance(node, ast.Attribute) and node.attr in ("error", "__cause__")
        )


def _is_error(annotation: str) -> bool:
    return re.search(r"\b(\w*Error|\w*Exception)\b", annotation) is not None


def readers(source: str) -> list[tuple[str, int]]:
    reader = _Reader()
    reader.visit(ast.parse(source))
    return reader.found


def test_no_code_reads_or_edits_the_text_of_an_error() -> None:
    found = {
        f"{path.relative_to(SOURCES).as_posix()}:{function}": line
        for path in sorted(SOURCES.rglob("*.py"))
        for function, line in readers(path.read_text(encoding="utf-8"))
    }
    assert found.keys() - FOREIGN == set(), found
    assert FOREIGN - found.keys() == set(), "of these none reads a text any more"


@pytest.mark.parametrize(
    "line",
    [
        "said = str(error).partition('; if you trust')",
        "raise OutputError(str(error).replace(str(made), str(target)), '', '')",
        "said = str(error)\n    said = said.split(': ')",
        "x = re.sub('/spool', '', f'{error}')",
        "x = 'damaged' in str(error)",
        "x = task.named(str(error))",
        "x = error.problem.startswith('is')",
        "x = outcome.error.remedy[3:]",
        "x = error.args[0]",
        "x = pattern.search(str(outcome.error))",
        "x = error.detail == 'no'",
    ],
)
def test_the_check_sees_what_reads_a_text(line: str) -> None:
    handler = f"try:\n    pass\nexcept PhotoError as error:\n    {line}\n"
    assert readers(handler)
    assert not readers("try:\n    pass\nexcept PhotoError as error:\n    print(f'photochrom: {error}')\n")


_METHODS = (
    "split|replace|replaceAll|match|matchAll|search|slice|substring|startsWith|endsWith|includes|indexOf|trim"
)
_TEXT = r"\b(?:message|detail|problem|remedy|statement)\b"
_PAGE = re.compile(
    rf"{_TEXT}\)?\??\.(?:{_METHODS})\("  # error.message.split(…)
    rf"|\bsentence\([^()]*\)\.(?:{_METHODS})\("
    rf"|\.(?:test|exec)\([^()]*{_TEXT}"  # /it is/.test(error.message)
    rf"|{_TEXT}\s*[!=]==?\s*[\"'`]"  # error.message === "…"
)


def page_readers(script: str) -> list[str]:
    return [line for line in script.splitlines() if _PAGE.search(line)]


def test_no_script_of_the_page_reads_or_edits_the_text_of_an_error() -> None:
    scripts = [path for path in SOURCES.rglob("*.js") if "vendor" not in path.parts]
    assert len(scripts) > 30
    assert {
        path.name: lines for path in scripts if (lines := page_readers(path.read_text(encoding="utf-8")))
    } == {}


@pytest.mark.parametrize(
    "line",
    [
        "const about = detail.startsWith(`${name}: `) ? detail.slice(name.length + 2) : detail;",
        "const text = /^(is|has)/.test(error.message) ? `It ${about}` : about;",
        "return error.problem.replace(name, '');",
        "if (error.message === 'There is no such photo here') again();",
        "sentence(parts).split('; ')[0]",
    ],
)
def test_the_check_sees_a_script_that_reads_a_text(line: str) -> None:
    assert page_readers(line)
    assert not page_readers("toast(error.message, { bad: true }); if (error.code === 'photo-gone') again();")
