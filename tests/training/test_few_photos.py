"""Small folders, where photos that cannot be used would leave nothing to test with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from photochrom.data.photos import find_photos, split_photos
from photochrom.errors import DataError
from photochrom.training.loading import load_data
from training_runs import RECIPE

CPU = torch.device("cpu")
FEW = RECIPE.model_copy(update={"test_photos": None, "photos": None, "seed": 0})


def colored(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(len(name)).integers(0, 256, (6, 8, 3)).astype(np.uint8)
        Image.fromarray(pixels).resize((40, 40)).save(folder / name)


def grey(path: Path) -> None:
    Image.fromarray(np.full((40, 40), 99, np.uint8)).save(path)


def names_for(folder: Path, *, test: bool, count: int) -> list[str]:
    """Names that the split puts on one side."""
    colored(folder / "probe", *(f"{number}.png" for number in range(80)))
    train, tested = split_photos(find_photos(folder / "probe"), test_fraction=0.1, seed=0)
    return [ref.key for ref in (tested if test else train)][:count]


@pytest.fixture
def sides(tmp_path: Path) -> tuple[list[str], list[str]]:
    return names_for(tmp_path, test=False, count=12), names_for(tmp_path, test=True, count=3)


@pytest.mark.parametrize("kind", ["grey", "damaged", "none"])
def test_photos_that_cannot_be_used_do_not_empty_the_test_part(
    kind: str, sides: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    for_training, for_testing = sides
    folder = tmp_path / "photos"
    colored(folder, *for_training)
    for name in [] if kind == "none" else for_testing:
        grey(folder / name)
        if kind == "damaged":
            (folder / name).write_bytes((folder / name).read_bytes()[:60])
    training, testing = load_data(FEW, folder, CPU)
    assert testing is not None
    assert len(testing) == (1 if kind == "none" else 2)  # a tenth of all
    assert sorted([*training.keys, *testing.keys]) == sorted(for_training)
    assert sorted(photo.key for photo in testing.skipped) == sorted([] if kind == "none" else for_testing)
    again = load_data(FEW, folder, CPU)[1]
    assert again is not None
    assert again.keys == testing.keys


def test_one_usable_test_photo_is_enough(sides: tuple[list[str], list[str]], tmp_path: Path) -> None:
    for_training, (first, *others) = sides
    colored(tmp_path / "photos", *for_training, first)
    for name in others:
        grey(tmp_path / "photos" / name)
    training, testing = load_data(FEW, tmp_path / "photos", CPU)
    assert testing is not None
    assert (testing.keys, sorted(training.keys)) == ((first,), sorted(for_training))


def test_a_single_photo_is_for_training(tmp_path: Path) -> None:
    for name in names_for(tmp_path, test=True, count=1) + names_for(tmp_path, test=False, count=1):
        colored(tmp_path / name, "only/" + name)
        training, testing = load_data(FEW, tmp_path / name, CPU)
        assert (len(training), len(testing or ())) == (1, 0)


def test_who_names_the_parts_is_told_that_none_can_test(tmp_path: Path) -> None:
    colored(tmp_path / "train_color", "a.png", "b.png")
    (tmp_path / "test_color").mkdir()
    for name in ("c.png", "d.png", "e.png"):
        grey(tmp_path / "test_color" / name)
    with pytest.raises(DataError, match=r"none of the 3 photos for testing can be used, of 5: .*has no colour"):
        load_data(FEW, tmp_path, CPU)
    assert load_data(FEW.model_copy(update={"test_photos": 0}), tmp_path, CPU)[1] is None


def test_messages_count_all_photos(sides: tuple[list[str], list[str]], tmp_path: Path) -> None:
    for_training, for_testing = sides
    (tmp_path / "photos").mkdir()
    for name in [*for_training, *for_testing]:
        grey(tmp_path / "photos" / name)
    with pytest.raises(DataError, match="none of 15 photos can be used: "):
        load_data(FEW, tmp_path / "photos", CPU)
    colored(tmp_path / "photos", *for_testing)
    training, testing = load_data(FEW, tmp_path / "photos", CPU)  # rather than not at all
    assert (sorted(training.keys), testing, len(training.skipped)) == (sorted(for_testing), None, 12)


def test_files_that_are_not_read_are_told(tmp_path: Path) -> None:
    colored(tmp_path, "a.png", "b.png")
    for name in ("c.psd", "d.psd", "e.exr", ".hidden.psd"):
        (tmp_path / name).touch()
    said: list[str] = []
    load_data(FEW, tmp_path, CPU, say=said.append)
    assert said == [f"{tmp_path}: 3 files left out that are not known as photos (.psd 2, .exr 1)"]
    (tmp_path / "only").mkdir()
    (tmp_path / "only/a.psd").touch()
    with pytest.raises(DataError, match=r"no photos in it, .*, but 1 file left out .*\(\.psd 1\)"):
        load_data(FEW, tmp_path / "only", CPU)
