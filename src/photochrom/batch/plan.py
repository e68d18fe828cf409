"""What a call of many photos will do: which photo becomes which file, settled before any work begins."""

from __future__ import annotations

import os
import tempfile
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from photochrom.batch.search import HIDDEN, FolderSearch
from photochrom.errors import OutputError, PhotochromError, PhotoError
from photochrom.io.atomic import same_file
from photochrom.io.content import content_suffix, default_suffix
from photochrom.io.folder_rules import FolderRules, default_rules
from photochrom.io.folders import folder_identity
from photochrom.io.formats import PHOTO_SUFFIXES, said_of_kind

__all__ = ["Plan", "PlanItem", "find_collisions", "make_plan", "refuse_collisions", "result_name"]


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One photo and the result to make of it, in few bytes, since a plan may hold a million.

    Attributes:
        folder: the folder that was named, or that of the file that was.
        name: the photo's path from there; a sheet calls it so.
        output: folder of the results.
        result: the result's path from there.
    """

    folder: Path
    name: str
    output: Path
    result: str

    @property
    def source(self) -> Path:
        """The photo's file."""
        return self.folder / self.name

    @property
    def target(self) -> Path:
        """The result's file."""
        return self.output / self.result


@dataclass
class Plan:
    """All that a call is asked to do.

    Attributes:
        items: the photos, folder by folder.
        unread: an error about each folder that cannot be searched, or photo that cannot have its result.
        notes: what the user should know, a line each.
        left_out: a line for each folder with files that are not taken for photos, or left out by rule.
        shards: shards of photos, as paths from their folder, where they are asked for.
    """

    items: list[PlanItem] = field(default_factory=list)
    unread: list[PhotochromError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    shards: list[str] = field(default_factory=list)

    def add(self, folder: Path, names: Iterable[str], output: Path, suffix: str | None, seen: set[str]) -> int:
        """Add the photos of one folder that are not seen yet; return how many there are, seen or not."""
        found = 0
        root = folder.resolve()
        for name in names:
            found += 1
            real = str(root / name)
            if real not in seen:
                seen.add(real)
                self.items.append(PlanItem(folder, name, output, result_name(name, Path(real), suffix)))
                said = None if suffix else said_of_kind(Path(name).suffix)
                if said is not None and said not in self.notes:
                    self.notes.append(said)
        return found


def make_plan(
    paths: Iterable[Path],
    output: Path,
    *,
    suffix: str | None = None,
    empty: bool = False,
    shards: bool = False,
    rules: FolderRules | None = None,
) -> Plan:
    """List the photos of files and folders; a folder's tree is mirrored below `output`.

    What the rules leave out, `output` itself and the results of other calls stay out. A path that is neither file
    nor folder stays in, to fail in its turn with its own line.

    Args:
        paths: photos, and folders to search at any depth.
        output: folder for the results.
        suffix: of every result, such as ``".png"``; None for each photo's own, or where the name is wrong, that
            of what the photo is: as a JPEG, a PNG would lose alpha and half of its 16 bits.
        empty: take a folder without photos for what it is: photos may come.
        shards: list the shards (.tar) of folders too; else they are files that are no photos.
        rules: say what in a folder is left out; hidden files, thumbnails and trash if None.

    Raises:
        PhotoError: if a folder holds no photos.
        OutputError: if a folder of photos is to be that of the results as well.
    """
    plan = Plan()
    seen: set[str] = set()  # a photo may be named twice, or by itself and by its folder
    for path in paths:
        if not path.is_dir():
            plan.add(path.parent, [path.name], output, suffix, seen)
            continue
        if folder_identity(path) == folder_identity(output):
            raise OutputError(
                path,
                "a photo would be written over itself, or a result taken for a photo the next time",
                "give another folder as --output",
            )
        shard_list = plan.shards if shards else None
        search = FolderSearch(path, without=output, rules=rules or default_rules(), shards=shard_list)
        found = plan.add(path, search.photos(), output, suffix, seen)
        if not (found or search.unread or empty):
            raise PhotoError(path, f"holds no photos ({', '.join(sorted(PHOTO_SUFFIXES))})", "name another folder")
        plan.unread += search.unread
        plan.notes += search.notes
        plan.left_out += [*search.of_one_shot(), *filter(None, [search.left_out(), search.others()])]
    return plan


def result_name(name: str, photo: Path, suffix: str | None = None) -> str:
    """Name a photo's result.

    A suffix that is known gives way to that of the result. Any other stays, as in ``scan.jpg_original.jpg`` and
    ``1920.05.jpg``: the result of ``scan.jpg`` beside it has another name then. Where a photo beside it has that
    very name, it gets a number.

    Args:
        name: the photo's.
        photo: its file, whose content decides where the name is wrong or says nothing.
        suffix: that the result is to have, or None.
    """
    path = Path(name)
    wanted = suffix or default_suffix(photo)
    if path.suffix.lower() in PHOTO_SUFFIXES or content_suffix(photo) is None:
        # IMG_1.JPG needs no new name to be a .jpg.
        return str(path if path.suffix.lower() == wanted.lower() else path.with_suffix(wanted))
    numbered = (f"{name}{'' if number == 1 else f'-{number}'}{wanted}" for number in count(1))
    return next(one for one in numbered if not os.path.lexists(photo.with_name(Path(one).name)))


def refuse_collisions(items: Collection[PlanItem], pages: Collection[Path] = ()) -> None:
    """Make sure that every photo gets a file of its own, and none is written over.

    Args:
        items: all photos of the call.
        pages: files that the call's sheet will take.

    Raises:
        OutputError: if two photos, or a photo and the sheet, would become one file, or a photo would be lost.
    """
    collisions = (error for _, error in find_collisions(items, pages))
    first = next(collisions, None)
    if first is None:
        return
    others = sum(1 for _ in collisions)  # all are counted, so that nobody mends one a run
    if not others:
        raise first
    more = f" (… and {others:,} other pair{'s' if others > 1 else ''})"
    raise OutputError(first.subject, first.problem, first.remedy + more)


def find_collisions(
    items: Collection[PlanItem], pages: Collection[Path] = ()
) -> Iterator[tuple[PlanItem, OutputError]]:
    """Yield the photos that cannot have the result they would, each with an error about it that says why."""
    taken: dict[str, PlanItem] = {}
    photos = {_folded(item.source): item.source for item in items}
    drawn = {_folded(page): page for page in pages}
    for key, page in drawn.items():
        if key in photos and same_file(photos[key], page):
            refused = next(item for item in items if item.source == photos[key])
            yield refused, OutputError(refused.source, "is where the sheet goes", "rename it or drop --sheet")
    for item in items:
        source, target = item.source, item.target
        if same_file(source, target):
            yield item, OutputError(source, "would be written over itself", "give another folder as --output")
            continue
        key = _folded(target)
        other = taken.setdefault(key, item)
        if other is not item and _are_one(other.target, target):
            problem = f"would become {target}, as would {other.source}"
            yield item, OutputError(source, problem, "colorize them into different folders")
        elif key in drawn and _are_one(drawn[key], target):
            problem = f"would become {target}, where the sheet goes"
            yield item, OutputError(source, problem, "rename it or drop --sheet")
        elif key in photos and same_file(photos[key], target):
            problem = f"would become {target}, another photo"
            yield item, OutputError(source, problem, "give another folder as --output")


def _folded(path: Path) -> str:
    """Make names equal that some disk may take for one."""
    return unicodedata.normalize("NFC", str(path.absolute())).casefold()


def _are_one(one: Path, other: Path) -> bool:
    """Find out whether two names are one on the disk that they are for, which may not tell A from a."""
    if one == other:
        return True
    try:
        above = next(folder for folder in one.absolute().parents if folder.is_dir())
        with tempfile.TemporaryDirectory(prefix=f"{HIDDEN}-", dir=above) as probe:
            first, second = (Path(probe, *path.absolute().relative_to(above).parts) for path in (one, other))
            first.parent.mkdir(parents=True, exist_ok=True)
            first.touch()
            return second.exists()
    except (OSError, ValueError):
        return False  # what hinders here hinders the first result too, and says so
