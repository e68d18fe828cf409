"""The service under load, from another process on the loopback: speed, overload, memory, killed workers.

    python benchmarks/serve.py [--requests 2000] [--rounds 5] [--quick]

* Photos per second through the service, against as many processes that only call the engine, in turns; bar 0.85.
* Four times as many clients as may wait: the rest are turned away at once, and no wait is longer than the line
  explains, which is (queue / workers + 2) times what a photo takes, and half as much again.
* The resident memory of front and workers after a fifth of the requests and at the end; bar: a tenth more.
* Workers killed with -9 all the while: every request is answered once, with what was asked for.

Exits with 1 beyond a bar. `--quick` takes a minute and says only whether it runs.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import json
import multiprocessing
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import psutil

from _photos import make_photo
from photochrom.server.settings import share_cores

SPEED, GROWTH, LATE = 0.85, 1.10, 1.5
SIDES = (1600, 1200)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000, help="of the part about memory")
    parser.add_argument("--rounds", type=int, default=5, help="of the part about speed")
    parser.add_argument("--photos", type=int, default=40, help="in a round")
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    if args.quick:
        args.requests, args.rounds, args.photos = 60, 1, 8
    workers, threads = share_cores()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photo = make_photo(folder / "photo.jpg", *SIDES, Q=90)
        print(f"{workers} workers of {threads} threads; {SIDES[0]}×{SIDES[1]}, {photo.stat().st_size:,} bytes")
        passed = [
            measure_speed(photo, folder, workers, threads, args.photos, args.rounds),
            measure_overload(photo, folder, workers, args.photos),
            measure_memory(photo, folder, workers, args.requests),
            measure_kills(photo, folder, workers, max(20, args.requests // 10)),
        ]
    sys.exit(not all(passed))


def measure_speed(photo: Path, folder: Path, workers: int, threads: int, photos: int, rounds: int) -> bool:
    """Compare with the engine alone, in turns on the same cores."""
    through: list[float] = []
    alone: list[float] = []
    with serving(folder) as service, engines(photo, folder, workers, threads) as colorize:
        colorize(workers), service.many(workers * 2, lambda _: service.colorize(photo), workers * 2)  # to warm up
        for _ in range(rounds):
            alone.append(photos / timed(lambda: colorize(photos)))
            start = time.perf_counter()
            answers = service.many(photos, lambda _: service.colorize(photo), workers * 2)
            through.append(photos / (time.perf_counter() - start))
            assert all(status == 200 for status, *_ in answers), answers
    ratio = median(through) / median(alone)
    print(
        f"speed: engine {median(alone):.2f} photos/s, service {median(through):.2f}: {ratio:.2f}x (bar {SPEED}x)"
    )
    return ratio >= SPEED


def measure_overload(photo: Path, folder: Path, workers: int, photos: int) -> bool:
    """Ask for more than can wait."""
    queue = 4 * workers
    with serving(folder, "--queue", str(queue)) as service:
        service.many(workers * 2, lambda _: service.colorize(photo), workers)
        one = median(seconds for _, seconds, _ in service.many(8, lambda _: service.colorize(photo), workers))
        answers = service.many(photos * 4, lambda _: service.colorize(photo), queue * 4)
    statuses = Counter(status for status, *_ in answers)
    times = {wanted: sorted(s for status, s, _ in answers if status == wanted) for wanted in (200, 429)}
    late = times[200][int(0.99 * (len(times[200]) - 1))]
    bound = (queue / workers + 2) * one * LATE
    refused = times[429][int(0.99 * (len(times[429]) - 1))] if times[429] else 0.0
    print(
        f"overload: {dict(statuses)}; p99 of results {late:.2f} s (bound {bound:.2f} s, one alone {one:.2f} s), "
        f"of refusals {refused:.2f} s"
    )
    return set(statuses) <= {200, 429} and late <= bound


def measure_memory(photo: Path, folder: Path, workers: int, requests: int) -> bool:
    """See whether memory stays as it is."""
    with serving(folder) as service:
        before = [0, 0]
        asked = service.many(requests // 5, lambda _: service.colorize(photo), workers * 2)
        before = service.memory()
        asked += service.many(requests - requests // 5, lambda _: service.colorize(photo), workers * 2)
        after = service.memory()
    growth = sum(after) / sum(before)
    lost = Counter(status for status, *_ in asked)
    print(
        f"memory: {requests} requests, front {before[0]} to {after[0]} MiB, workers {before[1]} to {after[1]}: "
        f"{growth:.2f}x (bar {GROWTH}x); {dict(lost)}"
    )
    return growth <= GROWTH and lost == {200: requests}


def measure_kills(photo: Path, folder: Path, workers: int, requests: int) -> bool:
    """Kill workers while they work."""
    with serving(folder, "--queue", str(requests)) as service:
        photo_id = service.keep(photo)

        def ask(number: int) -> tuple[int, float, str]:
            return service.preview(photo_id, number % 10)

        wanted = {number: service.preview(photo_id, number)[2] for number in range(10)}
        done = threading.Event()
        killed = 0

        def kill() -> None:
            nonlocal killed
            while not done.wait(1):
                if service.busy() == workers:  # else those in their places are not open yet
                    service.workers()[killed % workers].kill()
                    killed += 1

        killer = threading.Thread(target=kill)
        killer.start()
        answers = service.many(requests, ask, workers * 4)
        done.set()
        killer.join()
    right = sum(status == 200 and digest == wanted[n % 10] for n, (status, _, digest) in enumerate(answers))
    given_up = sum(status == 500 for status, *_ in answers)
    print(f"kill -9: {killed} workers, {requests} requests: {right} right, {given_up} given up after two deaths")
    return len(answers) == requests and right + given_up == requests and given_up <= requests / 100


class Service:
    """A service in another process, and clients of it."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process, self.address = process, urlsplit(url).netloc

    def ask(self, path: str, body: bytes, kind: str) -> tuple[int, float, str, bytes]:
        """Post something; return status, seconds, the answer's SHA-256 and the answer."""
        start = time.perf_counter()
        connection = http.client.HTTPConnection(self.address, timeout=600)
        connection.request("POST", path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, time.perf_counter() - start, hashlib.sha256(content).hexdigest(), content

    def colorize(self, photo: Path) -> tuple[int, float, str]:
        """Send a photo and get it in colour."""
        return self.ask("/v1/colorize", photo.read_bytes(), "image/jpeg")[:3]

    def keep(self, photo: Path) -> str:
        """Send a photo that is kept."""
        return str(json.loads(self.ask("/v1/photos", photo.read_bytes(), "image/jpeg")[3])["id"])

    def preview(self, photo_id: str, number: int) -> tuple[int, float, str]:
        """Get a small result; ten numbers are ten results."""
        options = json.dumps({"saturation": number / 5, "long_edge": 800}).encode()
        return self.ask(f"/v1/photos/{photo_id}/colorize", options, "application/json")[:3]

    def many(
        self, count: int, ask: Callable[[int], tuple[int, float, str]], clients: int
    ) -> list[tuple[int, float, str]]:
        """Ask so often, by so many clients at a time."""
        with ThreadPoolExecutor(clients) as threads:
            return list(threads.map(ask, range(count)))

    def busy(self) -> int:
        """Count the workers that have something to do."""
        connection = http.client.HTTPConnection(self.address, timeout=600)
        connection.request("GET", "/metrics")
        found = re.search(rb"^photochrom_workers_busy (\d+)", connection.getresponse().read(), re.M)
        return int(found[1]) if found else 0

    def workers(self) -> list[psutil.Process]:
        """Find its worker processes."""
        return [child for child in psutil.Process(self.process.pid).children() if is_worker(child)]

    def memory(self) -> list[int]:
        """Return the resident MiB of the front process and of all workers."""
        front = psutil.Process(self.process.pid).memory_info().rss
        return [front >> 20, sum(worker.memory_info().rss for worker in self.workers()) >> 20]


def is_worker(process: psutil.Process) -> bool:
    try:
        return any("spawn_main" in part for part in process.cmdline())
    except psutil.Error:  # it has just ended
        return False


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Service]:
    """Run a service with the default network."""
    command = [sys.executable, "-m", "photochrom", "serve", "--port", "0", "--spool", str(folder), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+:\d+", process.stdout.readline())
        if found is None:
            sys.exit("the service does not start")
        yield Service(process, found[0])
    finally:
        process.terminate()
        process.wait()


@contextmanager
def engines(photo: Path, folder: Path, workers: int, threads: int) -> Iterator[Callable[[int], None]]:
    """Run processes that only call the engine; what is given colorizes so many photos by all of them."""
    with multiprocessing.get_context("spawn").Pool(workers, _open, (str(photo), str(folder), threads)) as pool:
        yield lambda count: [None for _ in pool.imap_unordered(_write, range(count))] and None


def _open(photo: str, folder: str, threads: int) -> None:
    import os

    os.environ["VIPS_CONCURRENCY"] = str(threads)
    os.nice(5)  # as the service's workers are
    from photochrom import Colorizer

    global _engine
    _engine = Colorizer(threads=threads), photo, folder


def _write(number: int) -> None:
    colorizer, photo, folder = _engine
    colorizer.open(photo).save(Path(folder, f"engine-{number}.jpg"), overwrite=True)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
