"""When a client is told to ask again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.errors import OutOfMemoryError, OutputError, PhotochromError, QueueFullError, WorkerError
from photochrom.server.job_errors import job_error


@given(st.floats(0, 1e4))
@pytest.mark.parametrize(
    ("kind", "status"), [(QueueFullError, 429), (WorkerError, 503), (OutOfMemoryError, 503), (OutputError, 503)]
)
def test_a_client_is_told_in_whole_seconds_when_there_may_be_room(
    kind: type[PhotochromError], status: int, seconds: float
) -> None:
    answer = job_error(kind(None, "did not go", "try again"), "photo.png", seconds)
    assert answer.status_code == status
    seconds_to_wait = int((answer.headers or {})["Retry-After"])
    assert seconds_to_wait >= 1
    assert abs(seconds_to_wait - max(1.0, seconds)) <= 0.5
