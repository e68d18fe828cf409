"""Published networks in the service: hints go into a network that takes them, or as far as they reach."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest

from photochrom import Colorizer, Hint, Options
from photochrom.inference.onnx_model import Network

NAMES = ("siggraph17", "ddcolor-tiny")
SIDE = 64


@pytest.fixture(scope="module")
def files(official: Callable[[str], Path]) -> dict[str, Path]:
    return {name: official(name) for name in NAMES}


@pytest.fixture(scope="module")
def published(start_module: Any, files: dict[str, Path]) -> Any:
    """A service that offers one network that takes hints and one that does not, beside its default."""
    return start_module(*(word for path in files.values() for word in ("--network", str(path))))


def test_each_is_offered_with_what_it_takes(published: Any) -> None:
    offered = {one["name"]: one for one in published.client.get("/v1/networks").json()["networks"]}
    assert offered["siggraph17"]["inputs"] == ["lightness", "hints"]
    assert offered["siggraph17"]["license"] == "BSD-2-Clause"
    assert offered["ddcolor-tiny"]["inputs"] == ["lightness"]


@pytest.mark.parametrize("name", NAMES)
def test_a_hint_goes_where_the_network_takes_it(
    published: Any, files: dict[str, Path], tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = tmp_path / "photo.png"
    grey = np.full((SIDE, SIDE), 60, np.uint8)
    grey[:, SIDE // 2 :] = 190  # another thing than the left half
    PIL.Image.fromarray(grey).save(photo)
    photo_id = published.send(photo.read_bytes())
    hint = {"x": 0.1, "y": 0.5, "color": "#a03020"}

    def ask(**options: Any) -> bytes:
        answer = published.client.post(f"/v1/photos/{photo_id}/colorize", json={"network": name, **options})
        assert answer.status_code == 200, answer.text
        return bytes(answer.content)

    masks = []
    run = Network.run

    def watched(network: Network, lightness: Any, hints: Any = None, *rest: Any, **more: Any) -> Any:
        masks.append(None if hints is None else hints[0, 2])
        return run(network, lightness, hints, *rest, **more)

    monkeypatch.setattr(Network, "run", watched)
    options = Options(hints=(Hint(0.1, 0.5, "#a03020"),), reach=1)
    Colorizer(files[name], threads=1).open(photo).save(tmp_path / "wanted.png", options)
    assert ask(hints=[hint], reach=1) == (tmp_path / "wanted.png").read_bytes()
    hinted, plain = (np.asarray(PIL.Image.open(BytesIO(one))).astype(int) for one in (ask(hints=[hint]), ask()))
    near = np.abs(hinted - plain)
    assert near[SIDE // 2, SIDE // 10].max() > 5
    assert near[:, SIDE * 3 // 4 :].max() <= 1  # the other thing
    if name == "siggraph17":
        (mask,) = masks
        assert 1 <= mask.sum() < mask.size / 100
        assert mask[len(mask) // 2, round(0.1 * mask.shape[1])] == 1
    else:
        assert masks == [None]
