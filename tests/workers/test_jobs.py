"""The jobs on a photo, done by an engine of this process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from photochrom import Options, Picture
from photochrom.errors import NetworkError, OutputError, PhotoError
from photochrom.inference.onnx_model import Network
from photochrom.workers.engine import Engine, EngineSetup
from photochrom.workers.jobs import Confidence, Describe, Inspect, Original, Render
from photochrom.workers.runner import perform


@pytest.fixture
def engine(hinting: Path) -> Engine:
    return EngineSetup((str(hinting),), "cpu", threads=1).open()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return Picture.from_array(np.full((48, 64), 99, np.uint8)).save(tmp_path / "photo.tif")


def test_a_photo_is_remembered_until_it_is_forgotten(engine: Engine, photo: Path, tmp_path: Path) -> None:
    job = Render(
        photo=photo, name="my photo", key="key", options=Options(long_edge=30), target=tmp_path / "result"
    )
    first = perform(job, engine)
    assert first.value.file == tmp_path / "result.tif"
    assert first.seconds > 0
    photo.unlink()
    assert perform(job, engine).value == first.value
    engine.forget("key")
    error = perform(job, engine).error
    assert isinstance(error, PhotoError)
    assert str(error) == "my photo: there is no such file; check the path"


def test_files_are_called_as_their_user_knows_them(engine: Engine, photo: Path, tmp_path: Path) -> None:
    deep = Picture.from_array(np.full((48, 64), 40_000, np.uint16)).save(tmp_path / "deep.png")
    target = tmp_path / "made" / "result.jpg"
    job = Render(photo=deep, name="deep.png", target=target)
    error = perform(job, engine).error
    assert isinstance(error, OutputError)  # there is no such folder
    assert error.subject == "deep.png"
    target.parent.mkdir()
    (note,) = perform(job, engine).value.notes
    assert str(note) == "deep.png: .jpg cannot hold 16 bits per channel, which become 8"
    (note,) = perform(Render(photo=deep, name="x", target=target, shown="out.jpg"), engine).value.notes
    assert note.subject == "out.jpg"


def test_what_a_photo_is(engine: Engine, photo: Path, tmp_path: Path) -> None:
    info = perform(Inspect(photo=photo, name="photo"), engine).value
    assert (info.width, info.height, info.bits, info.format, info.is_grey) == (64, 48, 8, "tif", True)
    red = Picture.from_array(np.full((48, 64, 3), (200, 40, 40), np.uint8)).save(tmp_path / "red.png")
    assert not perform(Inspect(photo=red, name="red"), engine).value.is_grey


def test_files_get_the_suffix_of_what_is_made(engine: Engine, photo: Path, tmp_path: Path) -> None:
    for kind, suffix in ((Render, ".tif"), (Original, ".jpg"), (Confidence, ".png")):
        made = perform(kind(photo=photo, name="photo", target=tmp_path / kind.__name__), engine).value
        assert made.file == tmp_path / f"{kind.__name__}{suffix}"
        assert Picture.read(made.file).format == suffix


def test_what_the_networks_are_and_can_do(engine: Engine, tint: Path, hinting: Path) -> None:
    (network,) = perform(Describe(), engine).value
    assert network.card.name == "hinting"
    assert network.sha256 == Network(hinting).sha256
    other = EngineSetup((str(tint),), "cpu", threads=1).open()
    assert isinstance(perform(Describe(options=Options(vividness=1)), other).error, NetworkError)
    with pytest.raises(NetworkError, match="another network is called tint too"):
        EngineSetup((str(tint), str(tint)), "cpu", threads=1).open()
