"""Signals that ask a program to end."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from photochrom.stopping import SIGNALS, SecondSignal, Stopped, signals_held, stop_requests, stoppable


def send(number: int, seconds: float = 1) -> None:
    os.kill(os.getpid(), number)
    time.sleep(seconds)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_becomes_an_exception_that_says_by_which(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Stopped) as stopped, stoppable():
        send(number)
    assert stopped.value.code == 128 + number
    assert signal.getsignal(number) is before


def test_an_echo_is_no_second_signal_and_a_later_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    is_second = SecondSignal()
    said = []
    for now in (100.0, 100.9, 101.1):  # noqa: B007
        said.append(is_second())
    assert said == [False, False, True]


def test_a_signal_becomes_a_number_and_a_second_one_goes_where_it_went_before() -> None:
    started_with = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    before = signal.getsignal(signal.SIGINT)
    with stop_requests() as stopped:
        assert stopped() == 0
        signal.raise_signal(signal.SIGINT)
        assert stopped() == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
    signal.signal(signal.SIGINT, started_with)


def test_signals_wait_while_processes_are_started() -> None:
    held: list[bool] = []

    def start() -> None:
        with signals_held():
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)  # other threads hold nothing back
            held.append(set(SIGNALS) <= set(signal.pthread_sigmask(signal.SIG_BLOCK, ())))
        raise AssertionError

    with pytest.raises(Stopped), stoppable():
        start()
    assert held == [True]
