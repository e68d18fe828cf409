"""``photochrom completion``: a script that lets a shell complete what is typed."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from typing import Any

    from photochrom.cli.parser import Parser

__all__ = ["add_parser", "run"]

SHELLS = ("bash", "zsh", "fish", "powershell", "tcsh")

_FILES = ("FILE", "PHOTO", "PHOTOS", "PATH", "OUT", "NETWORK", "CHECKPOINT", "RECIPE", "NAME_OR_FILE")
_FOLDERS = ("DIR", "FOLDER", "RUN", "STUDY")


def add_parser(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command and its arguments."""
    parser = subparsers.add_parser(
        "completion",
        help="print a script by which a shell completes commands, options and files",
        description="Print a script by which a shell completes commands, options, their values and files.",
        examples=(
            "bash    photochrom completion bash > ~/.local/share/bash-completion/completions/photochrom",
            "zsh     photochrom completion zsh > ~/.zfunc/_photochrom    (a folder that is in fpath)",
            "fish    photochrom completion fish > ~/.config/fish/completions/photochrom.fish",
        ),
    )
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    import shtab

    from photochrom.cli.main import make_parser

    parser = make_parser()
    _mark(parser, {**dict.fromkeys(_FILES, shtab.FILE), **dict.fromkeys(_FOLDERS, shtab.DIRECTORY)})
    print(_with_photos(shtab.complete(parser, args.shell), args.shell))
    return 0


def _mark(parser: argparse.ArgumentParser, kinds: dict[str, Any]) -> None:
    """Say which values are files, by what the help calls them, and describe commands by one line."""
    for action in parser._actions:  # argparse has no public list of them
        if isinstance(action, argparse._SubParsersAction):
            for listed in action._get_subactions():
                action.choices[listed.dest].description = listed.help
                _mark(action.choices[listed.dest], kinds)
        elif isinstance(action.metavar, str) and (kind := kinds.get(action.metavar.split(".")[0])):
            vars(action)["complete"] = kind


def _with_photos(script: str, shell: str) -> str:
    """Let the first word be a photo too, which shtab takes for a command only."""
    if shell == "bash":
        return f"{script}\ncomplete -o bashdefault -o default -F _shtab_photochrom photochrom"
    if shell == "zsh":
        described = "  _describe 'photochrom commands' _commands\n"
        return script.replace(described, f"{described}  _files\n", 1)
    if shell == "fish":
        return f"{script}\ncomplete -c photochrom -n __fish_is_first_arg -F"
    return script
