"""Mutants: small changes to a place of the code, drawn evenly over places."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

__all__ = ["Mutant", "draw_mutants"]


@dataclass(frozen=True)
class Mutant:
    """A file with one place changed.

    Attributes:
        path: of the file, below the folder of sources.
        line: that is changed, from 1.
        operator: cosmic-ray's name of the change.
        before: the line as it was.
        after: the line as it is.
        code: the whole file.
        in_function: whether it runs when a function is called, not when the file is imported.
    """

    path: str
    line: int
    operator: str
    before: str
    after: str
    code: str
    in_function: bool

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.operator}\n  - {self.before.strip()}\n  + {self.after.strip()}"


def draw_mutants(sources: Path, rooms: Sequence[str], count: int, rng: random.Random) -> list[Mutant]:
    """Draw places in the code of some rooms, each as likely as any other, and a change for each."""
    places: dict[tuple[Path, int, int], list[tuple[str, int]]] = {}
    for room in rooms:
        for path in sorted((sources / "photochrom" / room).rglob("*.py")):
            silent = set(_annotations(path))
            for operator, occurrence, line, column in _changes(path):
                if (line, column) not in silent:
                    places.setdefault((path, line, column), []).append((operator, occurrence))
    drawn: list[Mutant] = []
    order = sorted(places)
    rng.shuffle(order)
    for place in order:
        if len(drawn) == count:
            break
        path, line, _ = place
        operator, occurrence = rng.choice(places[place])
        whole = path.read_text(encoding="utf-8")
        changed = mutate_code(whole, get_operator(operator)(), occurrence)
        if changed is None or changed == whole:
            continue
        before, after = _first_difference(whole, changed)
        name = str(path.relative_to(sources))
        in_function = line in _bodies(whole)
        drawn.append(Mutant(name, line, operator.removeprefix("core/"), before, after, changed, in_function))
    return drawn


def _changes(path: Path) -> Iterator[tuple[str, int, int, int]]:
    """Give each change that cosmic-ray knows: operator, which of its occurrences, line, column."""
    tree = get_ast(path.read_text(encoding="utf-8"))
    for name in operator_names():
        if name.startswith("core/Variable") or "Decorator" in name:
            continue  # the first need to be told a name; a cache that is taken away is no fault
        operator = get_operator(name)()
        occurrence = 0
        for node in _walk(tree):
            for start, _ in operator.mutation_positions(node):
                yield name, occurrence, start[0], start[1]
                occurrence += 1


def _walk(node: object) -> Iterator[object]:
    yield node
    for child in getattr(node, "children", ()):
        yield from _walk(child)


def _annotations(path: Path) -> Iterator[tuple[int, int]]:
    """Give the places of type annotations, which nothing evaluates."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        found = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        for annotation in found:
            if isinstance(annotation, ast.AST):
                for part in ast.walk(annotation):
                    if isinstance(part, ast.expr):
                        for line in range(part.lineno, (part.end_lineno or part.lineno) + 1):
                            first = part.col_offset if line == part.lineno else 0
                            last = part.end_col_offset if line == part.end_lineno else 200
                            yield from ((line, column) for column in range(first, (last or 200) + 1))


def _bodies(code: str) -> set[int]:
    """Give the lines of all functions' bodies; what stands before them, such as defaults, is not theirs."""
    functions = (
        node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return {
        line for node in functions for line in range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)
    }


def _first_difference(before: str, after: str) -> tuple[str, str]:
    for old, new in zip(before.splitlines(), after.splitlines(), strict=False):
        if old != new:
            return old, new
    return "", ""
