"""How much goes over the line before the first photo."""

from __future__ import annotations

from typing import Any


def test_the_page_is_light_before_the_first_photo(open_page: Any, service: Any) -> None:
    page = open_page("about:blank", ready=False)
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    sizes: list[float] = []
    line.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(service.url)
    page.wait_for_selector("body.ready", state="attached")
    page.wait_for_load_state("networkidle")
    assert len(sizes) > 20
    assert sum(sizes) < 220_000
