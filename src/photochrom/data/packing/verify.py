"""Shards read again: whether they are what was packed, and what they hold."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from photochrom.data.packing.pack import read_manifest
from photochrom.data.packing.remote import brought_here
from photochrom.data.packing.shard_file import sha256_of
from photochrom.data.shards import index_shard
from photochrom.errors import DataError, OutputError, reason_of
from photochrom.io.address import is_url
from photochrom.io.storage import Storage
from photochrom.threads import map_in_order, usable_cores

__all__ = ["ShardStats", "read_lines", "stats_of", "verify_shards"]

_STEPS = (256, 512, 1024, 2048, 4096)  # pixels of the shorter side that photos are counted by


@dataclass
class ShardStats:
    """What a folder of shards holds.

    Attributes:
        photos: how many.
        bytes: of the photos themselves.
        shards: how many.
        formats: photos by format.
        licenses: photos by licence; "none said" where nothing says one.
        sides: photos by the first of some steps that their shorter side is below.
        left_out: photos that were left out, by reason.
    """

    photos: int = 0
    bytes: int = 0
    shards: int = 0
    formats: Counter[str] = field(default_factory=Counter)
    licenses: Counter[str] = field(default_factory=Counter)
    sides: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, int] = field(default_factory=dict)


def verify_shards(folder: str | Path, *, progress: Callable[[int, int], None] | None = None) -> list[str]:
    """Read all shards of a folder and compare them with the manifest.

    Args:
        folder: that was packed.
        progress: called with (shards done, shards in all).

    Returns:
        A line for each thing that is not as it was packed; empty if all is well.

    Raises:
        OutputError: if the folder has no manifest.
    """
    shards = read_manifest(folder)["shards"]
    known = {f"{shard['name']}.tar" for shard in shards}
    faults = [f"{name}: is not in the manifest" for name in _shards_in(folder) if name not in known]
    found = map_in_order(lambda shard: list(_faults(folder, shard)), shards, min(usable_cores(), 8))
    for number, some in enumerate(found):
        faults += some
        if progress is not None:
            progress(number + 1, len(shards))
    return faults


def stats_of(folder: str | Path) -> ShardStats:
    """Count what a folder of shards holds, by its manifest.

    Raises:
        OutputError: if a manifest is missing or damaged.
    """
    manifest = read_manifest(folder)
    stats = ShardStats(shards=len(manifest["shards"]), left_out=manifest["left_out"])
    for shard in manifest["shards"]:
        name = f"{shard['name']}.jsonl"
        with brought_here(folder, [name]) as here:
            for line in read_lines(here / name):
                stats.photos += 1
                stats.bytes += line["bytes"]
                stats.formats[line["format"]] += 1
                stats.licenses[line["license"] or "none said"] += 1
                side = min(line["width"], line["height"])
                step = next((step for step in _STEPS if side < step), None)
                stats.sides[f"below {step}" if step else f"{_STEPS[-1]} and above"] += 1
    return stats


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Give what is said of each photo of a shard.

    Raises:
        OutputError: if the file is missing or damaged.
    """
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)
    except (OSError, ValueError) as error:
        raise OutputError(path, f"cannot be read ({reason_of(error, path)})", "pack the photos again") from error


def _shards_in(folder: str | Path) -> list[str]:
    if not is_url(str(folder)):
        return sorted(path.name for path in Path(folder).glob("*.tar"))
    _, entries = next(iter(Storage(str(folder)).walk(lambda name: True)))
    return [entry.name for entry in entries if entry.name.endswith(".tar")]


def _faults(folder: str | Path, shard: dict[str, Any]) -> Iterator[str]:
    with brought_here(folder, [f"{shard['name']}{suffix}" for suffix in (".tar", ".jsonl")]) as here:
        yield from _faults_here(here, shard)


def _faults_here(folder: Path, shard: dict[str, Any]) -> Iterator[str]:
    path = folder / f"{shard['name']}.tar"
    if not path.exists():
        yield f"{path.name}: is missing"
        return
    if path.stat().st_size == shard["bytes"] and sha256_of(path) == shard["sha256"]:
        lines = sum(1 for _ in read_lines(path.with_suffix(".jsonl")))
        if lines != shard["photos"]:
            yield f"{path.name}: holds {shard['photos']} photos, its .jsonl {lines}"
        return
    try:  # the file is another: which photos?
        members = {member.key: member for member in index_shard(path)}
        lines_of = list(read_lines(path.with_suffix(".jsonl")))
    except (DataError, OutputError) as error:
        yield f"{path.name}: {error.problem}"
        return
    wrong = 0
    with path.open("rb") as file:
        for line in lines_of:
            member = members.get(line["key"])
            if member is not None:
                file.seek(member.offset)
                if hashlib.sha256(file.read(member.length)).hexdigest() == line["sha256"]:
                    continue
            wrong += 1
            yield f"{path.name}: {line['key']} ({line['source']}) {'changed' if member else 'is missing'}"
    if not wrong:
        yield f"{path.name}: its photos are whole, but the file changed"
