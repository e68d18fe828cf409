"""A real Firefox, driven by WebDriver BiDi, which Debian's speaks by itself: https://www.w3.org/TR/webdriver-bidi/."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

__all__ = ["Tab", "firefox_tab"]

# Where downloads go, and that nobody is asked about them; nothing is fetched that a test did not ask for.
_PREFERENCES = """
user_pref("browser.download.folderList", 2);
user_pref("browser.download.dir", "{downloads}");
user_pref("browser.download.useDownloadDir", true);
user_pref("browser.download.always_ask_before_handling_new_types", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.page", 0);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.update.disabledForTesting", true);
user_pref("app.normandy.enabled", false);
user_pref("services.settings.server", "data:,");
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("ui.prefersReducedMotion", 1);
"""
_PATIENCE = 30  # seconds that anything may take on a busy machine


class Tab:
    """A tab of Firefox, with what a person does in it."""

    def __init__(self, socket: ClientConnection, downloads: Path) -> None:
        self.downloads = downloads
        self.errors: list[str] = []
        self._socket = socket
        self._number = 0
        self._send("session.new", capabilities={})
        self._send("session.subscribe", events=["log.entryAdded"])
        self._context = self._send("browsingContext.getTree")["contexts"][0]["context"]
        self._send("browsingContext.setViewport", context=self._context, viewport={"width": 1280, "height": 800})

    def open(self, url: str) -> None:
        """Go to an address, and wait until its page is loaded."""
        self._send("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def run(self, expression: str) -> Any:
        """Evaluate JavaScript and return its value: text, a number, a yes or no, or None."""
        answer = self._send(
            "script.evaluate", expression=expression, target={"context": self._context}, awaitPromise=True
        )
        if answer["type"] == "exception":
            raise AssertionError(answer["exceptionDetails"]["text"])
        return answer["result"].get("value")

    def until(self, expression: str) -> None:
        """Wait until JavaScript says yes."""
        end = time.monotonic() + _PATIENCE
        while not self.run(f"Boolean({expression})"):
            if time.monotonic() > end:
                raise AssertionError(f"in vain waited for: {expression}; {self.errors}")
            time.sleep(0.05)

    def choose_files(self, selector: str, *files: Path) -> None:
        """Choose files in an input, as its dialog would."""
        (node,) = self._send(
            "browsingContext.locateNodes", context=self._context, locator={"type": "css", "value": selector}
        )["nodes"]
        element = {"sharedId": node["sharedId"]}
        self._send("input.setFiles", context=self._context, element=element, files=[str(file) for file in files])

    def click(self, selector: str, x: float = 0.5, y: float = 0.5) -> None:
        """Click a place of an element, in fractions of its width and height, by the mouse."""
        spot = self.run(
            f"""(() => {{
              const box = document.querySelector({json.dumps(selector)}).getBoundingClientRect();
              return `${{Math.round(box.x + {x} * box.width)}},${{Math.round(box.y + {y} * box.height)}}`;
            }})()"""
        )
        left, top = map(int, spot.split(","))
        move = {"type": "pointerMove", "x": left, "y": top}
        press, release = ({"type": f"pointer{way}", "button": 0} for way in ("Down", "Up"))
        mouse = {
            "type": "pointer",
            "id": "mouse",
            "parameters": {"pointerType": "mouse"},
            "actions": [move, press, release],
        }
        self._send("input.performActions", context=self._context, actions=[mouse])

    def type(self, text: str) -> None:
        """Type text where the focus is."""
        keys = [{"type": kind, "value": key} for key in text for kind in ("keyDown", "keyUp")]
        self._send(
            "input.performActions",
            context=self._context,
            actions=[{"type": "key", "id": "keys", "actions": keys}],
        )

    def downloaded(self, name: str) -> bytes:
        """Wait for a downloaded file, and return its bytes."""
        end = time.monotonic() + _PATIENCE
        file = self.downloads / name
        while not file.exists() or not file.stat().st_size or list(self.downloads.glob("*.part")):
            if time.monotonic() > end:
                raise AssertionError(f"{name} did not come; there are {list(self.downloads.iterdir())}")
            time.sleep(0.05)
        return file.read_bytes()

    def close(self) -> None:
        """End the browser."""
        self._send("browser.close")

    def _send(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=_PATIENCE))
            if message["type"] == "event":
                entry = message["params"]
                if entry["level"] == "error":
                    self.errors.append(str(entry["text"]))
            elif message["id"] == self._number:
                if message["type"] == "error":
                    raise AssertionError(f"{method}: {message['error']}: {message['message']}")
                return message["result"]


@contextmanager
def firefox_tab(program: str, folder: Path) -> Iterator[Tab]:
    """Start Firefox with a profile of its own, and end it after the block."""
    profile, downloads = folder / "profile", folder / "downloads"
    profile.mkdir()
    downloads.mkdir()
    (profile / "user.js").write_text(_PREFERENCES.format(downloads=downloads))
    command = [program, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    log = folder / "firefox.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        with connect(f"{_address(process, log)}/session", max_size=None, proxy=None) as socket:
            tab = Tab(socket, downloads)
            yield tab
            tab.close()
        process.wait(_PATIENCE)
    finally:
        process.kill()
        process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if found := re.search(r"WebDriver BiDi listening on (ws://\S+)", log.read_text(errors="replace")):
            return found[1]
        time.sleep(0.05)
    raise AssertionError(f"Firefox did not start: {log.read_text(errors='replace')[-2000:]}")
