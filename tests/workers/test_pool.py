"""The pool's one policy, held with real processes: deaths, delays, the line, and what workers remember."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from photochrom.errors import (
    JobTimeoutError,
    NetworkError,
    OutOfMemoryError,
    PoolClosedError,
    QueueFullError,
    UnexpectedError,
    WorkerError,
)
from photochrom.threads import in_order
from photochrom.workers.local import open_pool
from photochrom.workers.pool import Pool
from pool_jobs import Await, BlasThreads, Broken, Deadly, Echo, Memory, MemorySetup


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool[Memory]]:
    """A pool for tests that leave it as it is."""
    with closing(Pool(MemorySetup(), workers=2)) as pool:
        yield pool


@pytest.fixture
def new_pool() -> Iterator[Any]:
    """Opens a pool that is closed in the end."""
    with ExitStack() as stack:
        yield lambda setup=None, **more: stack.enter_context(closing(Pool(setup or MemorySetup(), **more)))


def wait_until(true: Any, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_results_come_in_order_whatever_dies(pool: Pool[Memory], tmp_path: Path) -> None:
    jobs = [Deadly(str(n), tmp_path / str(n), 1) if n in (3, 4, 9) else Echo(str(n)) for n in range(12)]
    results = [future.result() for future in in_order(pool.submit, jobs, 5)]
    assert [result if isinstance(result, str) else result[0] for result in results] == list(map(str, range(12)))


def test_numpy_computes_on_a_workers_own_processors_alone(new_pool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    assert new_pool(workers=1).submit(BlasThreads("threads")).result() == 1


def test_a_job_whose_worker_dies_is_retried_once(pool: Pool[Memory], tmp_path: Path) -> None:
    before = pool.restarts
    once, ever = (tmp_path / name for name in ("once", "ever"))
    assert pool.submit(Deadly("once", once, 1)).result() == "once"
    assert len(once.read_text()) == 2
    with pytest.raises(WorkerError, match=r"^ever: .*was ended \(out of memory\?\), as did another before"):
        pool.submit(Deadly("ever", ever)).result()
    assert len(ever.read_text()) == 2
    assert pool.submit(Echo("after")).result()[0] == "after"
    assert pool.restarts == before + 3


def test_what_fails_as_no_job_should_is_an_error_and_the_worker_lives(pool: Pool[Memory]) -> None:
    before = pool.restarts
    with pytest.raises(UnexpectedError, match=r"^odd: failed as no photo should .KeyError: 'a riddle'.") as found:
        pool.submit(Broken("odd")).result()
    assert "in run" in "".join(found.value.__notes__)  # for a log
    with pytest.raises(OutOfMemoryError, match=r"^large: needs more memory"):
        pool.submit(Broken("large", memory=True)).result()
    assert pool.restarts == before


def test_what_cannot_be_opened_is_said_at_once(new_pool: Any) -> None:
    with pytest.raises(NetworkError, match=r"^net\.onnx: is damaged"):
        new_pool(MemorySetup(fails=True), workers=2, eager=True).submit(Echo("job")).result(20)


@pytest.mark.parametrize(("deaths", "opened"), [(1, False), (2, True)])
def test_workers_that_die_before_they_are_ready(deaths: int, opened: bool, new_pool: Any, tmp_path: Path) -> None:
    dies = tmp_path / "dies"
    dies.write_text("" if opened else "." * deaths)
    pool = new_pool(MemorySetup(dies), workers=1)
    if not opened:  # it may never be: nobody waits
        with pytest.raises(WorkerError, match="before it was ready"):
            pool.submit(Echo("job")).result(20)
        return
    pool.submit(Echo("first")).result(20)
    dies.write_text("." * deaths)
    # The next ones die while they open, but some worker will not: the job waits for it.
    assert pool.submit(Deadly("once", tmp_path / "once", 1)).result(20) == "once"
    assert pool.restarts == 1 + deaths


def test_a_job_that_takes_too_long_ends_with_its_worker(new_pool: Any, tmp_path: Path) -> None:
    pool, began = new_pool(workers=1), time.monotonic()
    pool.submit(Echo("ready")).result()
    at_work, waits = (pool.submit(Await(name, tmp_path / "never"), seconds=0.3) for name in ("a", "b"))
    patient = pool.submit(Echo("patient"))
    for future, name in ((at_work, "a"), (waits, "b")):
        with pytest.raises(JobTimeoutError, match=f"^{name}: took too long"):
            future.result(20)
    assert patient.result(20)[0] == "patient"
    assert time.monotonic() - began >= 0.3
    assert pool.restarts == 1


def test_the_line_has_an_end(new_pool: Any, tmp_path: Path) -> None:
    pool = new_pool(workers=1, queue=2)
    pool.submit(Echo("ready")).result()
    working = pool.submit(Await("working", tmp_path / "go"))
    waiting = [pool.submit(Echo(str(n))) for n in range(2)]
    with pytest.raises(QueueFullError, match="try again a little later"):
        pool.submit(Echo("one more"))
    assert (pool.busy, pool.waiting) == (1, 2)
    assert waiting[0].cancel()
    assert pool.waiting == 1
    waiting[0] = pool.submit(Echo("2"))
    (tmp_path / "go").touch()
    assert working.result(20) == "working"
    assert [future.result(20)[0] for future in (waiting[1], waiting[0])] == ["1", "2"]


def test_who_finds_no_place_is_told_how_long_the_line_takes(new_pool: Any, tmp_path: Path) -> None:
    one, two = new_pool(workers=1), new_pool(workers=2)
    assert (one.retry_after, two.retry_after) == (1, 0.5)  # a job is reckoned to take a second at first
    for _ in range(22):  # and each that was quicker makes that a tenth less
        one.submit(Echo("quick")).result()
    assert one.retry_after == pytest.approx(0.9**22, abs=0.02)
    slow = one.submit(Await("slow", tmp_path / "go"))
    wait_until(lambda: one.busy == 1)
    before = one.retry_after
    waiting = [one.submit(Echo(str(n))) for n in range(4)]
    assert one.retry_after == pytest.approx(5 * before)
    time.sleep(0.5)
    (tmp_path / "go").touch()
    for future in (slow, *waiting):
        future.result(20)
    assert slow.seconds > 0.5
    assert one.retry_after == pytest.approx((before * 0.9 + slow.seconds * 0.1) * 0.9**4, abs=0.02)


def test_a_coroutine_that_goes_away_is_not_worked_for(new_pool: Any, tmp_path: Path) -> None:
    pool = new_pool(workers=1, queue=1)
    pool.submit(Echo("ready")).result()
    working = pool.submit(Await("working", tmp_path / "go"))

    async def ask() -> str:
        gone = asyncio.ensure_future(pool.do(Deadly("gone", tmp_path / "gone", 0)))
        await asyncio.sleep(0)
        with pytest.raises(QueueFullError):
            await pool.do(Echo("hasty"))
        patient = asyncio.ensure_future(pool.do(Echo("patient"), patient=True))
        await asyncio.sleep(0.05)
        assert pool.waiting == 1
        gone.cancel()
        (tmp_path / "go").touch()
        return (await patient)[0]

    assert asyncio.run(ask()) == "patient"
    assert working.result() == "working"
    assert not (tmp_path / "gone").exists()


def test_a_worker_that_remembers_a_photo_gets_its_jobs_but_nobody_waits_for_ever(
    new_pool: Any, tmp_path: Path
) -> None:
    pool = new_pool(workers=2, eager=True)
    both = [pool.submit(Await(name, tmp_path / "both")) for name in "ab"]
    wait_until(lambda: pool.busy == 2)
    (tmp_path / "both").touch()
    assert [future.result() for future in both] == ["a", "b"]
    _, home, _ = pool.submit(Echo("photo", "a")).result()
    other = pool.submit(Await("other", tmp_path / "go"))
    for _ in range(20):
        assert pool.submit(Echo("photo", "a")).result()[1] == home
    (tmp_path / "go").touch()
    other.result()
    pool.forget("a")
    assert pool.submit(Echo("photo", "a")).result()[2] == 1

    # A line of jobs for what is remembered: one for another key is passed over a few times and no more.
    single = new_pool(workers=1)
    single.submit(Echo("photo", "a")).result()
    hold = single.submit(Await("hold", tmp_path / "hold"))
    order: list[str] = []
    futures = [single.submit(Echo("old", "b")), *(single.submit(Echo(str(n), "a")) for n in range(7))]
    for future in futures:
        future.add_done_callback(lambda done: order.append(done.result()[0]))
    (tmp_path / "hold").touch()
    hold.result()
    wait_until(lambda: len(order) == 8)
    assert order == ["0", "1", "2", "3", "old", "4", "5", "6"]


@pytest.mark.parametrize(("before", "first"), [(7, "known"), (8, "0")])
def test_what_is_remembered_goes_first_from_the_lines_first_eight_alone(
    before: int, first: str, new_pool: Any, tmp_path: Path
) -> None:
    pool = new_pool(workers=1)
    pool.submit(Echo("photo", "a")).result()
    hold = pool.submit(Await("hold", tmp_path / "hold"))
    order: list[str] = []
    futures = [*(pool.submit(Echo(str(n), "b")) for n in range(before)), pool.submit(Echo("known", "a"))]
    for future in futures:
        future.add_done_callback(lambda done: order.append(done.result()[0]))
    (tmp_path / "hold").touch()
    hold.result()
    wait_until(lambda: len(order) == len(futures))
    assert order[0] == first


@pytest.mark.parametrize("workers", [1, 2])
def test_closing_gives_up_what_is_not_done(workers: int, tmp_path: Path) -> None:
    pool = open_pool(MemorySetup(), workers)
    pool.submit(Echo("ready")).result()
    futures = [pool.submit(Await(str(n), tmp_path / "never")) for n in range(4)]
    began = time.monotonic()
    pool.close()
    assert time.monotonic() - began < 5
    (tmp_path / "never").touch()  # a thread cannot be ended
    for future in futures[1 if workers == 1 else 0 :]:
        with pytest.raises(PoolClosedError):
            future.result(20)


def test_a_job_that_comes_while_the_pool_closes_is_given_up(new_pool: Any, tmp_path: Path) -> None:
    pool, heard, let_go = new_pool(workers=1), threading.Event(), threading.Event()
    pool.submit(Echo("ready")).result(20)
    last = pool.submit(Await("last", tmp_path / "go"))

    def hold(_: Any) -> None:  # the pool's own thread, while its worker is idle
        heard.set()
        let_go.wait(20)

    last.add_done_callback(hold)
    (tmp_path / "go").touch()
    assert heard.wait(20)
    closing_it = threading.Thread(target=pool.close)
    closing_it.start()
    time.sleep(0.2)  # it waits for the pool's own thread
    with pytest.raises(PoolClosedError):
        pool.submit(Echo("late")).result(20)
    let_go.set()
    closing_it.join(20)


def test_workers_are_started_when_there_is_work_for_them(new_pool: Any, tmp_path: Path) -> None:
    pool = new_pool(workers=2)
    pids = {pool.submit(Echo(str(n))).result()[1] for n in range(5)}
    assert len(pids) == 1
    hold = pool.submit(Await("hold", tmp_path / "hold"))
    assert pool.submit(Echo("at once")).result(20)[1] not in pids
    (tmp_path / "hold").touch()
    hold.result()
