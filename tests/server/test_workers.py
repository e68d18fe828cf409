"""What happens when workers die, when all are busy, and when the service is told to end."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom import Picture
from photochrom.cli.main import main
from photochrom.server.settings import share_cores
from server_checks import check_problem, wait_until


def colorize(service: Any, photo_id: str, **options: Any) -> httpx.Response:
    return httpx.post(f"{service.url}/v1/photos/{photo_id}/colorize", json=options, timeout=60)


def test_no_request_is_lost_or_answered_twice_when_workers_are_killed(
    start: Callable[..., Any], photo: bytes
) -> None:
    service = start("--workers", "2", "--queue", "200")
    photo_id = service.send(photo)
    wanted = {number: colorize(service, photo_id, saturation=number / 10).content for number in range(10)}
    with ThreadPoolExecutor(8) as threads:
        asked = [
            (number % 10, threads.submit(colorize, service, photo_id, saturation=number % 10 / 10))
            for number in range(120)
        ]
        for _ in range(3):
            time.sleep(0.5)
            wait_until(lambda: bool(service.workers()))
            service.workers()[0].kill()
        answers = [(number, each.result()) for number, each in asked]
    # A job whose worker dies is done by another; only one whose second worker dies too is given up, and says so.
    assert Counter(answer.status_code for _, answer in answers)[200] >= 118
    for number, answer in answers:
        if answer.status_code == 200:
            assert answer.content == wanted[number]
        else:
            check_problem(answer, 500, "crashed, twice")
    assert 1 <= service.metric("photochrom_worker_restarts_total") <= 4
    wait_until(lambda: len(service.workers()) == 2)
    wait_until(lambda: len(service.files) == 1)


def test_a_job_that_kills_every_worker_is_given_up(
    start: Callable[..., Any], photo: bytes, tmp_path: Path
) -> None:
    service = start()
    noise = np.random.default_rng(0).integers(0, 255, (2000, 3000), np.uint8)
    photo_id = service.send(Picture.from_array(noise).save(tmp_path / "large.jpg").read_bytes())
    killed: set[int] = set()

    def another_is_at_it() -> bool:
        alive = {worker.pid for worker in service.workers()} - killed
        return service.metric("photochrom_workers_busy") == 1 and len(alive) == 1

    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(colorize, service, photo_id, format="avif")  # which takes seconds
        for _ in range(2):
            wait_until(another_is_at_it, 60)
            (worker,) = service.workers()
            killed.add(worker.pid)
            worker.kill()
        check_problem(asked.result(), 500, "crashed, twice")
    small = service.send(photo)
    assert colorize(service, small).status_code == 200
    assert service.metric("photochrom_worker_restarts_total") == 2


def test_a_service_that_is_told_to_end_answers_what_is_under_way(start: Callable[..., Any], photo: bytes) -> None:
    service = start()
    photo_id = service.send(photo)
    (worker,) = service.workers()
    worker.suspend()
    with ThreadPoolExecutor(3) as threads:
        asked = [threads.submit(colorize, service, photo_id) for _ in range(3)]
        wait_until(lambda: service.metric("photochrom_queue_length") == 2)
        service.process.send_signal(signal.SIGTERM)
        wait_until(lambda: service.client.get("/readyz").status_code == 503)
        answer = service.client.post("/v1/photos", content=photo)
        check_problem(answer, 503, "ending")
        assert "retry-after" in answer.headers
        assert service.client.get("/healthz").status_code == 200
        worker.resume()
        assert [each.result().status_code for each in asked] == [200] * 3
    assert service.process.wait(20) == 0
    assert not list(service.spool.iterdir())
    assert "Traceback" not in service.log


def test_a_second_signal_ends_at_once(start: Callable[..., Any], photo: bytes) -> None:
    service = start()
    photo_id = service.send(photo)
    (worker,) = service.workers()
    worker.suspend()
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(colorize, service, photo_id)
        wait_until(lambda: service.metric("photochrom_workers_busy") == 1)
        service.process.send_signal(signal.SIGINT)
        time.sleep(1.2)
        assert service.process.poll() is None
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(10) == 130
        with pytest.raises(httpx.HTTPError):
            asked.result()
    worker.resume()
    wait_until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
    assert not list(service.spool.iterdir())


def test_what_a_killed_service_left_is_removed_by_the_next(start: Callable[..., Any], photo: bytes) -> None:
    service = start()
    service.send(photo)
    workers = service.workers()
    service.end(signal.SIGKILL)
    wait_until(lambda: not any(worker.is_running() for worker in workers))
    (left,) = service.spool.iterdir()
    other = start("--spool", str(service.spool))
    assert not left.exists()
    assert other.send(photo)


@pytest.mark.slow
def test_it_says_that_it_lives_in_no_time_under_full_load(start: Callable[..., Any], tmp_path: Path) -> None:
    service = start("--workers", "2", "--queue", "100")
    noise = np.random.default_rng(0).integers(0, 255, (2000, 3000), np.uint8)
    large = Picture.from_array(noise).save(tmp_path / "large.jpg").read_bytes()
    photo_id = service.send(large, "large.jpg")

    def healthy() -> float:
        began = time.perf_counter()
        assert service.client.get("/healthz").status_code == 200
        return time.perf_counter() - began

    idle = float(np.median([healthy() for _ in range(20)]))
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(colorize, service, photo_id, saturation=n / 10) for n in range(12)]
        asked += [threads.submit(service.client.post, "/v1/photos", content=large) for _ in range(6)]
        times = []
        while not all(each.done() for each in asked):
            times.append(healthy())
            time.sleep(0.01)
    assert all(each.result().is_success for each in asked)
    assert len(times) > 20
    # Where the machine is busy with other things, an answer takes its time without any load of ours.
    assert np.median(times) < max(0.05, 5 * idle)


def test_what_cannot_be_served_is_said_in_a_line(
    service: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = service.url.rpartition(":")[2]
    assert main(["serve", "--port", port]) == 1
    assert "cannot be listened on" in capsys.readouterr().err
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    for arguments, says in (
        (["--network", "nothing"], "nothing: there is no network of that name"),
        (["--network", str(tmp_path / "bad.onnx")], "is no ONNX network that can be opened"),
        (["--spool", str(tmp_path / "missing")], "give another with --spool"),
    ):
        assert main(["serve", "--port", "0", "--workers", "1", *arguments]) == 1
        assert says in capsys.readouterr().err
    for wrong in (["--keep", "soon"], ["--max-upload", "-3"], ["--workers", "0"]):
        with pytest.raises(SystemExit):
            main(["serve", *wrong])


def test_a_missing_package_is_said_in_a_line() -> None:
    blocked = "import sys; sys.modules['uvicorn'] = None"
    code = f"{blocked}; from photochrom.cli.main import main; sys.exit(main(['serve']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        "photochrom: Serving needs the package uvicorn, which is not installed; "
        'run  pip install "photochrom[serve]"\n'
    )


@given(st.integers(1, 300), st.none() | st.integers(1, 64), st.none() | st.integers(1, 64))
def test_workers_and_threads_fit_the_cores(cores: int, workers: int | None, threads: int | None) -> None:
    with mock.patch("photochrom.server.settings.usable_cores", return_value=cores):
        chosen = share_cores(workers, threads)
    assert min(chosen) >= 1
    assert chosen[0] == (workers or chosen[0])
    assert chosen[1] == (threads or chosen[1])
    if workers is None and threads is None:
        assert cores / 2 <= chosen[0] * chosen[1] <= cores
        assert chosen[0] >= min(cores, 2)
