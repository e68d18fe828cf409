"""Results that are asked for again, or from where a line broke."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from photochrom.server.errors import HTTPError
from photochrom.server.ranges import wanted_range
from server_checks import check_problem


@pytest.fixture(scope="module")
def address(service: Any) -> str:
    pixels = np.random.default_rng(0).integers(0, 255, (90, 120), np.uint8)
    buffer = BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, "PNG")

    return f"/v1/photos/{service.send(buffer.getvalue())}"


@pytest.mark.parametrize("what", ["/original", "/original?long_edge=50", "/colorize?saturation=1.5&format=jpg"])
def test_a_part_is_of_the_whole(service: Any, address: str, what: str) -> None:
    whole = service.client.get(address + what)
    assert whole.status_code == 200
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["cache-control"] == "private, no-cache"
    size, etag = len(whole.content), whole.headers["etag"]
    assert etag.startswith('"')
    for asked, wanted in (
        ("bytes=0-99", whole.content[:100]),
        ("bytes=100-", whole.content[100:]),
        ("bytes=-7", whole.content[-7:]),
        (f"bytes={size - 1}-{size + 100}", whole.content[-1:]),
    ):
        for more in ({}, {"if-range": etag}):
            part = service.client.get(address + what, headers={"range": asked, **more})
            assert (part.status_code, part.content) == (206, wanted)
            start = whole.content.rindex(wanted) if asked != "bytes=0-99" else 0
            assert part.headers["content-range"] == f"bytes {start}-{start + len(wanted) - 1}/{size}"
            assert part.headers["etag"] == etag
    for asked in ("bytes=0-1,5-6", "lines=1-2", "bytes=5-2", "bytes=-", "bytes=a-b"):
        all_of_it = service.client.get(address + what, headers={"range": asked})
        assert (all_of_it.status_code, all_of_it.content) == (200, whole.content)
    changed = service.client.get(address + what, headers={"range": "bytes=5-", "if-range": '"another"'})
    assert (changed.status_code, changed.content) == (200, whole.content)
    for asked in (f"bytes={size}-", "bytes=-0"):
        beyond = service.client.get(address + what, headers={"range": asked})
        check_problem(beyond, 416, f"{size:,} bytes")
        assert beyond.headers["content-range"] == f"bytes */{size}"
        head = service.client.head(address + what, headers={"range": asked})  # ranges are for GET alone
        assert (head.status_code, head.headers["content-length"]) == (200, str(size))


def test_a_result_that_is_known_is_not_sent_nor_made_again(service: Any, address: str) -> None:
    first = service.client.get(f"{address}/colorize?vividness=0.4")
    etag = first.headers["etag"]
    workers = service.workers()
    for worker in workers:  # nobody is there who could make it
        worker.suspend()
    try:
        for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
            again = service.client.get(
                f"{address}/colorize?vividness=0.4", headers={"if-none-match": known}, timeout=20
            )
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    finally:
        for worker in workers:
            worker.resume()
    other = service.client.get(f"{address}/colorize?vividness=0.9", headers={"if-none-match": etag})
    assert other.status_code == 200
    assert other.headers["etag"] != etag


def test_the_result_at_an_address_is_the_one_that_is_posted_for(service: Any, address: str) -> None:
    hints = '[{"x": 0.2, "y": 0.2, "color": "#204080"}]'
    got = service.client.get(f"{address}/colorize", params={"hints": hints, "vividness": 0.3})
    posted = service.client.post(
        f"{address}/colorize", json={"hints": [{"x": 0.2, "y": 0.2, "color": "#204080"}], "vividness": 0.3}
    )
    assert got.content == posted.content
    assert posted.headers["cache-control"] == "no-store"
    check_problem(service.client.get(f"{address}/colorize", params={"hints": "{"}), 400, "hints")
    check_problem(service.client.get(f"{address}/colorize", params={"vividness": "much"}), 422, "vividness")


def test_a_removed_photo_is_no_longer_told_as_known(service: Any, photo: bytes) -> None:
    address = f"/v1/photos/{service.send(photo)}"
    etag = service.client.get(f"{address}/original").headers["etag"]
    service.client.delete(address)
    check_problem(service.client.get(f"{address}/original", headers={"if-none-match": etag}), 404)


@given(st.text(max_size=40) | st.from_regex(r"bytes=\d{0,4}-\d{0,4}", fullmatch=True), st.integers(0, 3000))
def test_any_range_is_within_what_there_is(text: str, size: int) -> None:
    headers = Headers(raw=[(b"range", text.encode("utf-8", "surrogateescape"))])
    try:
        found = wanted_range(headers, size, '"tag"')
    except HTTPError as error:
        refused = error
    else:
        assert found is None or (0 <= found.start < found.stop <= size and found.step == 1)
        return
    assert (refused.status_code, refused.headers) == (416, {"Content-Range": f"bytes */{size}"})
