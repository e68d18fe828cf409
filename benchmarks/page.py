"""The page in a real Chromium: how soon a photo has its first colours, and how soon they follow a changed hint.

    python benchmarks/page.py [--rounds 5]

Times are the browser's own, from choosing the file, or typing the colour, until the picture is replaced. In turns
with them, a program asks the same of the same service over REST: it sends the photo and asks for it at the page's
size, then asks with other hints. Bars: 1 s to the first colours, 0.5 s for a changed hint.

Needs playwright and a Chromium. Exits with 1 beyond a bar.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import sync_playwright

from _photos import make_photo
from serve import Service, serving

PHOTOS = {"2 megapixels": (1632, 1224), "12 megapixels": (4000, 3000)}
COLORS = ["#b0503c", "#3c60b0", "#5a8a3c", "#b09a3c", "#7a3c8a", "#3c8a86", "#a0603c", "#4a4ab0"]
FIRST, CHANGE = 1.0, 0.5
SCREEN = {"width": 1440, "height": 900}
EDGE = 1280  # pixels of the picture that the page asks for on such a screen

WATCH = """([selector, event]) => {
  window.taken = new Promise((resolve) => {
    let began = 0;
    const start = () => (began ||= performance.now());
    document.querySelector(selector).addEventListener(event, start, { capture: true });
    const old = document.querySelector(".layer-after img");
    new MutationObserver(() => {
      const now = document.querySelector(".layer-after img");
      if (began && now && now !== old) resolve((performance.now() - began) / 1000);
    }).observe(document.querySelector("#picture"), { childList: true, subtree: true });
  });
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    passed = []
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        with serving(folder) as service:
            for words, (width, height) in PHOTOS.items():
                photo = make_photo(folder / f"{width}.jpg", width, height, Q=90)
                first_visit(browser, service, photo)  # to warm up
                rounds = [
                    (first_visit(browser, service, photo), by_rest(service, photo)) for _ in range(args.rounds)
                ]
                visits, programs = zip(*rounds, strict=True)
                size = f"a JPEG of {words} and {photo.stat().st_size / 1e6:.1f} MB"
                for what, bar, number in (("first colours", FIRST, 0), ("a changed hint", CHANGE, 1)):
                    page, rest = (median(each[number] for each in one) for one in (visits, programs))
                    slowest = max(each[number] for each in visits)
                    print(
                        f"{size}, {what}: {page:.2f} s (bar {bar} s; slowest of {args.rounds} {slowest:.2f} s), "
                        f"{page / rest:.2f} times what a program waits ({rest:.2f} s)"
                    )
                    passed.append(page <= bar)
        browser.close()
    sys.exit(not all(passed))


def first_visit(browser: Any, service: Service, photo: Path) -> tuple[float, float]:
    """Choose a photo as a new visitor and change a hint's colour; return the seconds of both."""
    context = browser.new_context(viewport=SCREEN, reduced_motion="reduce")
    try:
        page = context.new_page()
        page.goto(f"http://{service.address}/")
        page.wait_for_selector("body.ready", state="attached")
        page.evaluate(WATCH, ["#chooser", "change"])
        page.set_input_files("#chooser", str(photo))
        first = page.evaluate("window.taken")
        page.wait_for_selector("#stage[aria-busy=false]")
        box = page.locator("#picture").bounding_box()
        page.mouse.click(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.6)
        page.wait_for_selector("#picker-suggestions .swatch")
        changes = []
        for color in COLORS:
            page.evaluate(WATCH, ["#picker-hex", "input"])
            page.locator("#picker-hex").fill(color)
            changes.append(page.evaluate("window.taken"))
            page.wait_for_selector("#stage[aria-busy=false]")
        return first, median(changes)
    finally:
        context.close()


def by_rest(service: Service, photo: Path) -> tuple[float, float]:
    """Do the same as a program: send the photo and ask for it, then with other hints."""
    asked: dict[str, Any] = {"long_edge": EDGE, "format": "jpg", "quality": 88, "mark": False}
    start = time.perf_counter()
    address = f"/v1/photos/{service.keep(photo)}/colorize"
    service.ask(address, json.dumps(asked).encode(), "application/json")
    first = time.perf_counter() - start
    hints = [{**asked, "hints": [{"x": 0.3, "y": 0.6, "color": color}]} for color in COLORS]
    changes = [service.ask(address, json.dumps(body).encode(), "application/json")[1] for body in hints]
    return first, median(changes)


if __name__ == "__main__":
    main()
