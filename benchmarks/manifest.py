"""What it costs to know of a photo what was made of it, as photos become many.

    python benchmarks/manifest.py [--kinds sqlite parquet] [--counts 1000,10000,100000]

`sqlite` is the manifest of a folder on this machine, `parquet` the ledger of a folder that a cluster works at. A
first call plans photos and records their results, and a second finds that all is done. Nothing is colorized, and
only the manifest's own part is timed, for each number of photos the processor time and the time of day. The bar is
1.5 times the processor time that a photo costs with the fewest.

`sqlite` needs two tiny files for each photo, and flushes each photo to the disk, which takes as long whatever the
number: TMPDIR=/dev/shm leaves that out. Exits with 1 beyond the bar.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from photochrom.batch.cluster.ledger import Ledger
from photochrom.batch.cluster.sources import StoredPhoto
from photochrom.batch.fingerprint import Fingerprint
from photochrom.batch.manifest import DONE, Manifest
from photochrom.batch.plan import PlanItem
from photochrom.io.storage import Storage

BAR = 1.5


def main() -> None:
    kinds = {"sqlite": of_a_folder, "parquet": of_a_cluster}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinds", nargs="+", choices=kinds, default=list(kinds))
    parser.add_argument("--counts", default="1000,10000,100000")
    args = parser.parse_args()
    counts = [int(count) for count in args.counts.split(",")]
    within = [measure(kind, kinds[kind], counts) for kind in args.kinds]
    sys.exit(not all(within))


class Clock:
    """Adds up the seconds of what is timed."""

    def __init__(self) -> None:
        self.of_day = self.of_processor = 0.0

    @contextmanager
    def timing(self) -> Iterator[None]:
        """Add what the block takes."""
        of_day, of_processor = time.perf_counter(), time.process_time()
        yield
        self.of_day += time.perf_counter() - of_day
        self.of_processor += time.process_time() - of_processor


def measure(kind: str, calls: Callable[[Path, int, Clock], None], counts: list[int]) -> bool:
    """Print what a photo costs; return whether the bar is met."""
    costs = []
    for count in [100, *counts]:  # the first loads what is needed
        clock = Clock()
        with tempfile.TemporaryDirectory() as folder:
            calls(Path(folder), count, clock)
        each, of_day = (seconds / count * 1e3 for seconds in (clock.of_processor, clock.of_day))
        costs.append(each)
        print(f"{kind:7} {count:9,} photos: {each:.3f} ms of processor time, {of_day:.3f} ms", flush=True)
    ratio = max(costs[1:]) / costs[1]
    print(f"{kind:7} the dearest is {ratio:.2f} times what it is with {counts[0]:,} (bar {BAR})")
    return ratio <= BAR


def of_a_folder(folder: Path, count: int, clock: Clock) -> None:
    """Do what two calls do with a folder's manifest."""
    source, made, output = folder / "in", folder / "made", folder / "out"
    for each in source, made, output:
        each.mkdir()
    names = [f"{number:07}.jpg" for number in range(count)]
    for name in names:
        for each in source, made:
            (each / name).write_bytes(b"photo")
    items = [PlanItem(source, name, output, name) for name in names]
    prints = [Fingerprint.of(made / name) for name in names]
    with clock.timing():
        with closing(Manifest(output, "{}")) as manifest:
            for item, fingerprint in zip(items, prints, strict=True):
                assert manifest.reason_to_skip(item) is None
                photo = Fingerprint(fingerprint.size, item.source.stat().st_mtime_ns, fingerprint.digest)
                manifest.place(made / item.name, fingerprint, item, photo)
        with closing(Manifest(output, "{}")) as manifest:
            for item in items:
                found = manifest.reason_to_skip(item)
                assert found is not None
                assert found[0] == DONE


def of_a_cluster(folder: Path, count: int, clock: Clock) -> None:
    """Do what two calls do with the ledger of a cluster."""
    output, names = Storage(str(folder)), [f"{number:07}.jpg" for number in range(count)]
    photos = [StoredPhoto("s3://b", name, name, 5, "5 tag") for name in names]
    ways = {"overwrite": False, "skip_colored": False, "retry_failed": False}
    with ExitStack() as first:
        with clock.timing():
            ledger = first.enter_context(Ledger(output, "{}"))
            for photo in photos:
                assert ledger.decide(photo, **ways)[0] == "make"
            units = ([{"result": photo.result} for photo in photos[n : n + 8]] for n in range(0, count, 8))
            list(ledger.claim(units))
        for name in names:
            (folder / name).write_bytes(b"photo")
        made = {entry.name: entry.stamp for _, found in output.walk(lambda name: True) for entry in found}
        with clock.timing():
            for photo in photos:
                row = {"result": photo.result, "file": "", "source": photo.source, "photo": photo.stamp}
                row |= {"made": made[photo.name], "state": "done", "reason": "", "code": "", "warnings": "[]"}
                ledger.record(row | {"seconds": 0.1})
            ledger.finish()
            first.close()
    with clock.timing(), Ledger(output, "{}") as ledger:
        for photo in photos:
            assert ledger.decide(photo, **ways) == ("skip", DONE)


if __name__ == "__main__":
    main()
