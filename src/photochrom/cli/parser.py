"""Parsers whose help reads as that of other tools: short usage, ``-o, --output OUT``, examples as they stand."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

__all__ = ["HelpFormatter", "Parser"]


class HelpFormatter(argparse.HelpFormatter):
    """Formats a command's help; argparse knows no public way to do so."""

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(prog, **{"max_help_position": 30, **options})

    def add_usage(
        self, usage: str | None, actions: Iterable[argparse.Action], groups: Any, prefix: str | None = None
    ) -> None:
        """Name what has to be given, and leave the options to the list below."""
        if usage is None:
            needed = [action for action in actions if not action.option_strings or action.required]
            options = [f"{action.option_strings[-1]} {self._value(action)}" for action in needed if action.required
                       and action.option_strings]  # fmt: skip
            arguments = [self._value(action) for action in needed if not action.option_strings]
            usage = " ".join(["%(prog)s [OPTIONS]", *arguments, *options])
        super().add_usage(usage, actions, groups, prefix)

    def start_section(self, heading: str | None) -> None:
        """Head a list."""
        super().start_section("arguments" if heading == "positional arguments" else heading)

    def _format_action(self, action: argparse.Action) -> str:
        if not isinstance(action, argparse._SubParsersAction):
            return super()._format_action(action)
        return "".join(map(super()._format_action, action._get_subactions()))  # without a line that says COMMAND

    def _value(self, action: argparse.Action) -> str:
        named = f"{{{','.join(map(str, action.choices))}}}" if action.choices else action.dest.upper()
        name = str(action.metavar or named)
        return f"{name} ..." if action.nargs in ("+", argparse.PARSER) else name

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        return f"{', '.join(action.option_strings)} {self._value(action)}"

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if "\n" in text else super()._fill_text(text, width, indent)


class Parser(argparse.ArgumentParser):
    """A parser of one command, or of all.

    Args:
        examples: commands to show at the end of the help.
        options: as of `argparse.ArgumentParser`.
    """

    def __init__(self, *, examples: Iterable[str] = (), **options: Any) -> None:
        epilog = "\n  ".join(["examples:", *examples]) if examples else None
        super().__init__(**{"formatter_class": HelpFormatter, "epilog": epilog, **options})
        self.set_defaults(usage_error=self.error)  # for what a command refuses once it runs
