"""Arguments without a command: photos to colorize, or a command with a slip in it."""

from __future__ import annotations

import os

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Sequence

__all__ = ["with_command"]

_OWN_OPTIONS = ("-h", "--help", "--version")


def with_command(words: Sequence[str], commands: Collection[str], parser: argparse.ArgumentParser) -> list[str]:
    """Put ``colorize`` in front of arguments that begin with a photo, a folder or one of its options.

    A command wins over a file of its name; ``./train`` is a file.

    Args:
        words: the arguments.
        commands: names of all commands.
        parser: exits with 2 by its ``error`` where the first word is neither a command nor a file.
    """
    if not words or words[0] in commands or _is_own_option(words[0]):
        return list(words)
    first = words[0]
    if not (first.startswith("-") or os.path.lexists(first) or _looks_like_a_file(first)):
        from difflib import get_close_matches

        near = get_close_matches(first, commands, n=1)
        hint = f"did you mean {near[0]}?" if near else "photochrom --help lists the commands"
        parser.error(f"{first} is no command, and there is no such file; {hint}")
    return ["colorize", *words]


def _is_own_option(word: str) -> bool:
    return any(option.startswith(word) for option in _OWN_OPTIONS) and len(word) > 1 and word != "--"


def _looks_like_a_file(word: str) -> bool:
    return any(mark in word for mark in (".", "*", os.sep, os.altsep or os.sep))
