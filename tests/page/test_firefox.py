"""The main journey in Firefox: a photo comes in, gets its colours, a point changes them, and it goes home."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from page_hand import grey_png, pixels, slope
from photochrom.color.cielab import rgb_to_lab
from photochrom.hints import color_ab

if TYPE_CHECKING:
    from firefox_hand import Tab

RED = "#b0503c"


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    """A tab of Firefox; in the end nothing may have gone wrong in it."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    try:
        from firefox_hand import firefox_tab
    except ImportError:
        program = None
    if not program:
        reason = "no Firefox is installed (Debian: firefox-esr), or no websockets (pip install websockets)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    folder = tmp_path / "firefox"
    folder.mkdir()
    with firefox_tab(program, folder) as tab:
        yield tab
        assert tab.errors == []


def test_firefox_takes_the_main_journey(tab: Tab, service: Any, tmp_path: Path) -> None:
    tab.open(service.url)
    tab.until("document.body.classList.contains('ready')")
    tab.choose_files("#chooser", grey_png(tmp_path / "album page 1.png"))
    stage_rests = "document.querySelector('#stage').ariaBusy === 'false'"
    tab.until(f"document.querySelector('.layer-after img') && {stage_rests}")
    before = tab.run("document.querySelector('.layer-after img').src")

    tab.click("#picture", 0.75, 0.25)
    tab.until("!document.querySelector('#picker').hidden && document.querySelector('#picker-suggestions .swatch')")
    tab.run("document.querySelector('#picker-hex').select()")
    tab.type(RED)
    tab.until(f"document.querySelector('.layer-after img').src !== {before!r} && {stage_rests}")
    tab.click("#picker-keep")
    tab.until("document.querySelector('#picker').hidden && document.querySelectorAll('.mark.point').length === 1")

    tab.click("#download")
    content = tab.downloaded("album page 1-colour.png")
    image = Image.open(BytesIO(content))
    assert (image.format, image.size) == ("PNG", (400, 300))
    lab = rgb_to_lab(pixels(content))
    assert lab[75, 300, 1:].tolist() == pytest.approx(color_ab(RED), abs=3)
    assert lab[280, 20, 1:].tolist() != pytest.approx(color_ab(RED), abs=8)
    grey = rgb_to_lab(np.repeat(slope()[..., None], 3, 2))
    assert np.abs(lab[..., 0] - grey[..., 0]).max() < 0.5

    tab.run("location.reload()")
    tab.until("document.querySelectorAll('.mark.point').length === 1")  # nothing is lost
