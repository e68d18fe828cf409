"""Pickles from elsewhere, of which nothing but plain containers and arrays is let in: nothing in them ever runs.

A pickle is a program. It is read twice. First `pickletools` goes through its instructions without obeying any, and
those that arrays do not need are refused, and tuples of tuples that would take forever to compare. Then the
unpickler obeys the rest, and finds only names of a short list.
"""

from __future__ import annotations

import pickle
import pickletools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from photochrom.errors import NetworkError, reason_of

__all__ = ["Callee", "load_arrays", "load_restricted", "safely"]

_INSTRUCTIONS = frozenset(
    [
        "PROTO", "FRAME", "STOP", "MARK", "POP", "POP_MARK", "NONE", "NEWTRUE", "NEWFALSE", "BININT",
        "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINSTRING", "SHORT_BINSTRING", "BINBYTES",
        "SHORT_BINBYTES", "BINBYTES8", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "EMPTY_TUPLE",
        "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_DICT", "SETITEM",
        "SETITEMS", "BINPUT", "LONG_BINPUT", "MEMOIZE", "BINGET", "LONG_BINGET", "GLOBAL", "STACK_GLOBAL",
        "REDUCE", "BUILD", "BINPERSID",
    ]
)  # fmt: skip
_MOST_IN_TUPLE = 100_000  # parts, those of its own tuples included; a tensor's has some twenty
# Under both names that NumPy's multiarray has had.
_ARRAYS = {
    ("numpy", "ndarray"): ("numpy", "ndarray"),
    ("numpy", "dtype"): ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"): ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"): ("numpy._core.multiarray", "_reconstruct"),
}


class Callee:
    """A function that a pickle may call, without attributes that a pickle could change."""

    __slots__ = ("_function",)
    _function: Callable[..., Any]

    def __init__(self, function: Callable[..., Any]) -> None:
        object.__setattr__(self, "_function", function)

    def __setattr__(self, name: str, value: object) -> None:
        raise pickle.UnpicklingError("it wants to change what it may only call")

    def __call__(self, *arguments: Any) -> Any:
        """Call the function."""
        return self._function(*arguments)


def load_arrays(path: Path) -> Any:
    """Read a pickle of NumPy arrays in dictionaries and lists.

    Raises:
        NetworkError: if it names anything else, which a pickle would run, or is damaged.
    """
    with safely(path, "install it again"):
        return load_restricted(BytesIO(path.read_bytes()), _find_array)


def load_restricted(
    file: BinaryIO,
    find: Callable[[str, str], Any] | Mapping[tuple[str, str], Any],
    persistent_load: Callable[[Any], Any] | None = None,
) -> Any:
    """Read the pickle that begins where `file` stands, and leave `file` behind its end.

    Args:
        file: can be sought.
        find: gives what a module's name stands for, by a function or a table; what it does not know is refused.
        persistent_load: gives what a persistent id stands for; without it there may be none.

    Raises:
        pickle.UnpicklingError: if the pickle does what it need not, or names what is not let in.
        Exception: of many kinds, if it is damaged; `safely` turns them into one.
    """
    start = file.tell()
    sizes = _Sizes()
    for count, (instruction, argument, _) in enumerate(pickletools.genops(file)):
        if instruction.name not in _INSTRUCTIONS:
            raise pickle.UnpicklingError(f"it uses the pickle instruction {instruction.name}")
        # The unpickler would make room for all numbers up to this one.
        if instruction.name == "LONG_BINPUT" and (argument or 0) > count:
            raise pickle.UnpicklingError("it numbers objects that it does not have")
        sizes.follow(instruction, argument)
    file.seek(start)
    return _Restricted(file, find, persistent_load).load()


@contextmanager
def safely(path: Path, remedy: str) -> Iterator[None]:
    """Turn whatever a damaged or malicious file makes fail inside the block into one error.

    Raises:
        NetworkError: if anything fails.
    """
    try:
        yield
    except NetworkError:
        raise
    except Exception as error:  # a pickle's instructions can make the unpickler raise nearly anything
        raise NetworkError(
            path, f"holds no arrays that can be read safely ({reason_of(error, path)})", remedy
        ) from error


class _Sizes:
    """How many parts the things on a pickle's stack have, those in their tuples included.

    A pickle of a hundred bytes makes a tuple of two tuples of two tuples, and so on, each pair one object. To look
    such a thing up in a dictionary, or to print it, takes all of 2 to the power of their number.
    """

    def __init__(self) -> None:
        self._stack: list[int | None] = []  # None: a mark
        self._memo: dict[int, int] = {}

    def follow(self, instruction: pickletools.OpcodeInfo, argument: Any) -> None:
        """Do with sizes what an instruction does with things.

        Raises:
            pickle.UnpicklingError: if a tuple becomes too large.
            IndexError: if the pickle takes what it does not have.
        """
        name = instruction.name
        if name in ("BINPUT", "LONG_BINPUT", "MEMOIZE"):
            self._memo[len(self._memo) if argument is None else argument] = self._stack[-1] or 1
            return
        if name in ("BINGET", "LONG_BINGET"):
            self._stack.append(self._memo.get(argument, 1))
            return
        taken = [size for what in reversed(instruction.stack_before) for size in self._take(what)]
        size = 1 + sum(taken) if name.startswith(("TUPLE", "REDUCE", "BINPERSID")) else 1
        if size > _MOST_IN_TUPLE:
            raise pickle.UnpicklingError("it nests tuples without end")
        marks = [what is pickletools.markobject for what in instruction.stack_after]
        self._stack += [None if mark else size for mark in marks]

    def _take(self, what: pickletools.StackObject) -> list[int]:
        if what is pickletools.markobject:
            return []  # taken with what lies above it
        taken = [self._stack.pop()]
        while what is pickletools.stackslice and taken[-1] is not None:
            taken.append(self._stack.pop())
        return [size for size in taken if size is not None]


class _Restricted(pickle.Unpickler):
    def __init__(
        self,
        file: BinaryIO,
        find: Callable[[str, str], Any] | Mapping[tuple[str, str], Any],
        persistent_load: Callable[[Any], Any] | None,
    ) -> None:
        super().__init__(file)
        self._find = find
        self._persistent_load = persistent_load

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._find(module, name) if callable(self._find) else self._find[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it wants to use {module}.{name}") from None

    def persistent_load(self, pid: Any) -> Any:
        if self._persistent_load is None:
            raise pickle.UnpicklingError("it refers to what lies outside of it")
        return self._persistent_load(pid)


def _find_array(module: str, name: str) -> Any:
    home, own = _ARRAYS[module, name]
    try:
        return getattr(import_module(home), own)
    except ModuleNotFoundError:  # NumPy 1
        return getattr(import_module(module), own)
