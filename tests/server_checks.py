"""What tests of the service look at again and again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import httpx

__all__ = ["check_problem", "wait_until"]


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def check_problem(answer: httpx.Response, status: int, says: str = "") -> None:
    """Make sure that an answer is a problem document with one plain sentence, made of its parts."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == status
    assert found.keys() == {"type", "title", "status", "detail", "code", "subject", "problem", "remedy"}
    about = "" if found["subject"] is None else f"{found['subject']}: "
    assert found["detail"] == f"{about}{found['problem']}; {found['remedy']}"
    assert says in found["detail"]
    assert "\n" not in found["detail"]
    assert not re.search(r"Traceback|\.py|/tmp|/home|result\.|spool", found["detail"]), found["detail"]
