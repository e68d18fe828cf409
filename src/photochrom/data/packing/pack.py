"""Photos into shards: found one by one, looked at by several processes, packed in the order they were found in."""

from __future__ import annotations

import json
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from photochrom.data.decode import set_vips_threads
from photochrom.data.packing.examine import Examined, Rules, examine
from photochrom.data.packing.remote import STATE, Destination, brought_here, destination
from photochrom.data.packing.shard_file import ShardFile
from photochrom.data.packing.sources import Source, find_sources
from photochrom.data.packing.state import PackingState
from photochrom.errors import OutputError, WorkerError, reason_of
from photochrom.io.atomic import make_folder, replace_file
from photochrom.stopping import signals_held
from photochrom.threads import in_order, usable_cores

__all__ = ["Packed", "pack_shards", "read_manifest"]

_AT_ONCE = 4  # photos that a process is given at a time: giving one takes as long as looking at a tiny one
_AHEAD = 2  # such times begun for each process
_KEPT = 1000  # photos left out one after the other that a run which is broken off has not to look at again


@dataclass(frozen=True)
class Packed:
    """What a folder of shards holds.

    Attributes:
        photos: how many.
        bytes: of all shards.
        shards: how many.
        left_out: photos that were left out, by reason.
    """

    photos: int
    bytes: int
    shards: int
    left_out: dict[str, int]


def pack_shards(
    places: Sequence[str],
    output: str | Path,
    *,
    shard_size: int = 200_000_000,
    rules: Rules = Rules(),  # noqa: B008 - it is frozen
    name: str = "photos",
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Packed:
    """Pack photos into WebDataset shards.

    `output` then holds shards and, for each, a .jsonl with a line for each photo; `manifest.json`, which lists the
    shards; `left-out.jsonl`, which says which photos were left out, and why. A run that was broken off goes on
    where the last whole shard ended, and one that is repeated later adds the photos that came since.

    Args:
        places: folders, shards, photos and URLs; see `find_sources`. `output` may lie in one: its own shards are
            not packed again.
        output: a folder, by path or URL.
        shard_size: bytes that a shard has at most, unless a single photo is larger.
        rules: what is packed, and how.
        name: that shards' names begin with; ``train`` or ``test`` in it decides what training takes them for.
        jobs: processes that look at photos; as many as processors if None, 1 for this one.
        progress: called with (photos packed, photos left out), of this call.

    Raises:
        DataError: if a place cannot be read.
        OutputError: if the folder cannot be written, or was begun with other settings.
        WorkerError: if a process died.
    """
    jobs = usable_cores() if jobs is None else jobs
    with destination(output) as place:
        make_folder(place.folder)
        settings = {"rules": _settings(rules), "name": name, "size": shard_size}
        state = PackingState(place.folder / STATE, settings)
        try:
            place.begin(state)
            sources = find_sources(places, output)
            found = (source for source in sources if not state.is_seen(source.name))
            with _examined(found, rules, jobs) as photos:
                _write(photos, place, state, shard_size, rules, name, progress)
            packed = _write_manifest(place.folder, state)
            place.finish(["left-out.jsonl", "manifest.json"], state)
            return packed
        except OSError as error:
            raise OutputError(
                output, f"cannot be written ({reason_of(error, output)})", "mend that, and run the same again"
            ) from error
        finally:
            state.close()


def read_manifest(folder: str | Path) -> dict[str, Any]:
    """Read the manifest of a folder of shards.

    Raises:
        OutputError: if there is none, or it is damaged.
    """
    path = f"{folder}/manifest.json"
    try:
        with brought_here(folder, ["manifest.json"]) as here:
            found = json.loads((here / "manifest.json").read_text(encoding="utf-8"))
        return {"shards": list(found["shards"]), "left_out": dict(found["left_out"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(
            path, f"is no manifest of shards ({reason_of(error, path)})", "name a folder that was packed"
        ) from error


def _write(
    photos: Iterator[Examined],
    place: Destination,
    state: PackingState,
    shard_size: int,
    rules: Rules,
    name: str,
    progress: Callable[[int, int], None] | None,
) -> None:
    packed, left_out, folder = 0, 0, place.folder
    waiting = next(photos, None)
    while waiting is not None:
        shard_name = f"{name}-{len(state.shards()):06}"
        with ShardFile(folder, shard_name) as shard:
            while waiting is not None:
                if waiting.left_out is None and "duplicate" not in rules.keep and state.is_copy(waiting.phash):
                    waiting = Examined(waiting.name, "duplicate", "looks like a photo before it")
                if waiting.left_out is None:
                    shard.add(waiting)
                    packed += 1
                else:
                    left_out += 1
                state.note(waiting.name, waiting.left_out, waiting.detail)
                if not shard.photos and left_out % _KEPT == 0:
                    state.commit()  # a folder of grey photos fills no shard
                waiting = next(photos, None)
                if progress is not None:
                    progress(packed, left_out)
                full = waiting is not None and shard.size_with(waiting) > shard_size
                if full and shard.photos:
                    break
            empty = not shard.photos
        if empty:  # all that was left was left out
            for suffix in (".tar", ".jsonl"):
                (folder / f"{shard_name}{suffix}").unlink()
            state.commit()
        else:
            state.add_shard(shard_name, shard.photos, shard.size, shard.sha256)
            place.shard_is_done(shard_name, state)


@contextmanager
def _examined(found: Iterator[Source], rules: Rules, jobs: int) -> Iterator[Iterator[Examined]]:
    """Give what was looked at, in order; several processes look ahead."""
    if jobs == 1:
        before = set_vips_threads(1)
        try:
            yield (examine(source, rules) for source in found)
        finally:
            set_vips_threads(before)
        return
    context = multiprocessing.get_context("spawn")  # a fork would inherit libvips' locks
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin) as pool:

        def submit(sources: list[Source]) -> Future[list[Examined]]:
            with signals_held():  # which may start a process; Ctrl-C is this one's affair
                return pool.submit(_examine_all, sources, rules)

        groups = iter(lambda: list(islice(found, _AT_ONCE)), [])
        try:
            done = (future.result() for future in in_order(submit, groups, _AHEAD * jobs))
            yield chain.from_iterable(done)
        except BrokenProcessPool as error:
            raise WorkerError(
                None,
                "a process that looks at photos died, as it does when memory runs out",
                "use fewer --jobs; what was packed stays, and the same command goes on",
            ) from error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """Prepare a process that looks at photos: it ends with the one that started it, also where that is killed."""
    set_vips_threads(1)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _examine_all(sources: list[Source], rules: Rules) -> list[Examined]:
    return [examine(source, rules) for source in sources]


def _write_manifest(folder: Path, state: PackingState) -> Packed:
    shards, reasons = state.shards(), state.reasons()
    packed = Packed(
        sum(shard["photos"] for shard in shards), sum(shard["bytes"] for shard in shards), len(shards), reasons
    )
    with replace_file(folder / "left-out.jsonl") as temporary, temporary.open("w", encoding="utf-8") as file:
        for source, reason, detail in state.left_out():
            line = {"source": source, "reason": reason, "detail": detail}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    with replace_file(folder / "manifest.json") as temporary:
        text = json.dumps(
            {"photos": packed.photos, "bytes": packed.bytes, "left_out": reasons, "shards": shards}, indent=1
        )
        temporary.write_text(text + "\n", encoding="utf-8")
    return packed


def _settings(rules: Rules) -> dict[str, Any]:
    return asdict(rules) | {"keep": sorted(rules.keep)}
