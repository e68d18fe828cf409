"""FolderRules: what in a folder is left out though it may be a photo, such as thumbnails and trash."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from pathspec import GitIgnoreSpec

from photochrom.errors import UsageError

__all__ = ["DEFAULTS", "FolderRules", "default_rules"]

DEFAULTS: dict[str, tuple[str, ...]] = {
    "hidden": (".*",),
    "thumbnails": (
        "@eaDir/",  # Synology
        "SYNO*_THUMB_*",
        "[Tt]humbs.db",  # Windows
        "ehthumbs*.db",
        "ZbThumbnail.info",
        "*.[Tt][Hh][Mm]",  # a JPEG beside a camera's film
        "*.lrdata/",  # Lightroom
        "*.photoslibrary/resources/",  # macOS Photos
        "*.photolibrary/Thumbnails/",
        "*.aplibrary/Thumbnails/",
    ),
    "trash": (
        "$[Rr][Ee][Cc][Yy][Cc][Ll][Ee].[Bb][Ii][Nn]/",  # Windows
        "RECYCLER/",
        "RECYCLED/",
        r"\#[Rr]ecycle/",  # Synology
        "@[Rr]ecycle/",  # QNAP
        "[Tt]rash/",
        "Network Trash Folder/",
    ),
    "of the system": (
        "lost+found/",
        "System Volume Information/",
        "desktop.ini",
        "__MACOSX/",  # resource forks in zips made by macOS
        "Temporary Items/",
        "@tmp/",
        r"\#snapshot/",  # earlier states of the same folders, on network disks
        "@Recently-Snapshot/",
        "~snapshot/",
    ),
    "on their way": ("*.part", "*.partial", "*.filepart", "*.crdownload", "*.download", "*.tmp", "*.temp"),
}
"""What is left out unless the user says else, as patterns of gitignore, by what it is."""


class FolderRules:
    """Says which of a folder's files and folders are left out, by patterns as in a .gitignore.

    Args:
        patterns: the user's, which hold over `DEFAULTS`; of several that fit, the last holds. One that begins with
            ``!`` takes in what an earlier one leaves out.

    Raises:
        UsageError: if one is no pattern.
    """

    def __init__(self, patterns: Sequence[str] = ()) -> None:
        self._why = [(why, pattern) for why, those in DEFAULTS.items() for pattern in those]
        self._why += [(f"by --exclude {pattern!r}", pattern) for pattern in patterns]
        for pattern in patterns:
            _check(pattern)
        self._spec = GitIgnoreSpec.from_lines(pattern for _, pattern in self._why)

    def reason(self, path: str, *, is_folder: bool) -> str | None:
        """Say why a file or folder is left out; None if it is not.

        Args:
            path: from the folder that is searched, with ``/``. The folders above it are not left out themselves.
            is_folder: whether it is a folder, or leads to one.
        """
        found = self._spec.check_file(f"{path}/" if is_folder else path)
        return self._why[found.index][0] if found.include and found.index is not None else None


@lru_cache(maxsize=1)
def default_rules() -> FolderRules:
    """Return the rules without any of the user's."""
    return FolderRules()


def _check(pattern: str) -> None:
    refused = UsageError(repr(pattern), "is no pattern", "write it as in a .gitignore, such as '*.png' or 'old/'")
    if pattern.removeprefix("!").strip() in ("", "/") or "\n" in pattern:
        raise refused
    try:
        GitIgnoreSpec.from_lines([pattern])
    except ValueError as error:
        raise refused from error
