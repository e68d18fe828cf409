"""What of a folder is taken, as arguments."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from photochrom.io.folder_rules import FolderRules

__all__ = ["add_folder_options", "read_rules"]


def add_folder_options(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which of a folder's photos are taken."""
    add = parser.add_argument_group("folders").add_argument
    patterns: dict[str, Any] = {"metavar": "PATTERN", "dest": "patterns", "default": []}
    add(
        "--exclude",
        action=_Exclude,
        help="leave out files or folders, as a .gitignore does",
        **patterns,
    )
    add("--include", action=_Include, help="take in what would be left out, such as .thumbnails/", **patterns)


def read_rules(args: argparse.Namespace) -> FolderRules:
    """Put together the patterns that were given.

    Raises:
        UsageError: if one is no pattern.
    """
    from photochrom.io.folder_rules import FolderRules

    return FolderRules(args.patterns)


class _Exclude(argparse.Action):
    """Collects patterns in the order given, for the last one that fits holds."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        namespace.patterns = [*namespace.patterns, self.pattern(str(values))]

    def pattern(self, text: str) -> str:
        return text


class _Include(_Exclude):
    def pattern(self, text: str) -> str:
        return f"!{text}"
