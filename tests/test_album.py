"""Albums: what several photos show has one colour in all of them, and whoever knows better rules."""

from __future__ import annotations

import numpy as np
import pytest

from photochrom import Hint, Options, colorize, colorize_album
from photochrom.color.cielab import rgb_to_lab
from photochrom.errors import PhotoError
from photochrom.inference.album_plan import AlbumPhoto, Part, plan_album, waves
from photochrom.inference.onnx_model import Network
from photochrom.io.picture import Picture
from two_views import SHIFT, grey_of, painted, two_views


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(threads=1)


def overlap(first: Picture, second: Picture) -> tuple[np.ndarray, np.ndarray]:
    """The a, b of both photos of `two_views` where they show the same."""
    one, other = (rgb_to_lab(each.pixels)[..., 1:] for each in (first, second))
    return one[:, SHIFT:], other[:, :-SHIFT]


def apart(first: Picture, second: Picture) -> float:
    one, other = overlap(first, second)
    return float(np.hypot(*(one - other).transpose(2, 0, 1)).mean())


def test_two_views_become_alike_and_a_stranger_stays_what_it_was(network: Network) -> None:
    views, stranger = two_views(), grey_of("coffee.jpg")[..., None]
    single = [colorize(each, network=network) for each in (*views, stranger)]
    first, second, other = colorize_album([*views, stranger], network=network)
    assert apart(first, second) < 0.5 * apart(*single[:2])
    assert np.array_equal(other.pixels, single[2].pixels)
    for made, view in zip((first, second), views, strict=True):  # the lightness is that of the photo, as ever
        alone = rgb_to_lab(view.repeat(3, 2))[..., 0]
        assert np.abs(rgb_to_lab(made.pixels)[..., 0] - alone).mean() < 0.5


def test_a_hint_in_one_photo_colours_the_other_one(network: Network) -> None:
    views = two_views()
    blue = Options(hints=(Hint(0.5, 0.9, (20, -50), reach=0.8),))
    plain = colorize_album(views, network=network)
    hinted = colorize_album(views, options=[Options(), blue], network=network)
    row, column = round(0.9 * views[0].shape[0]) - 1, round(0.5 * views[1].shape[1]) + SHIFT  # of it, in the first
    before, after = (rgb_to_lab(each[0].pixels)[row, column, 2] for each in (plain, hinted))
    assert after < before - 15
    assert apart(*hinted) < 6


def test_a_corrected_photo_rules(network: Network) -> None:
    views = two_views()
    plain, made = (colorize_album(views[1:], network=network, like=each)[0] for each in ([], [painted(views[0])]))
    wished = rgb_to_lab(painted(views[0]))[:, SHIFT:, 1:]
    errors = [np.abs(rgb_to_lab(each.pixels)[:, :-SHIFT, 1:] - wished).mean() for each in (plain, made)]
    assert errors[1] < 0.5 * errors[0]


def test_a_grey_photo_has_no_colours_to_be_like(network: Network) -> None:
    with pytest.raises(PhotoError, match="has no colours to take; give a photo in colour"):
        colorize_album(two_views(), like=[grey_of("coffee.jpg")[..., None]], network=network)


def test_as_many_options_as_photos(network: Network) -> None:
    with pytest.raises(ValueError, match="1 options do not fit 2 photos"):
        colorize_album(two_views(), options=[Options()], network=network)


def test_each_photo_comes_after_all_whose_final_colours_it_takes() -> None:
    random = np.random.default_rng(0)
    scenes = [random.normal(size=(64, 40)) for _ in range(2)]
    photos = []
    for number in range(12):
        summary = scenes[number % 2] + random.normal(size=(64, 40)) * 0.3
        summary = (summary / np.linalg.norm(summary, axis=1, keepdims=True)).astype(np.float32)
        photos.append(AlbumPhoto(summary, random.uniform(), rank=0 if number == 4 else 1 if number == 7 else 2))
    parts = plan_album(photos)
    done: set[int] = set()
    for wave in waves(parts):
        assert all(parts[number].averaged or set(parts[number].exemplars) <= done for number in wave)
        done |= set(wave)
    assert done == set(range(12))
    for number, part in enumerate(parts):
        assert all(other % 2 == number % 2 for other in part.exemplars)  # of one scene
    assert parts[4].exemplars == parts[7].exemplars == ()
    assert all(parts[number].exemplars[0] == (4 if number % 2 == 0 else 7) for number in {*range(12)} - {4, 7})


def test_the_surest_of_those_that_are_alike_is_averaged() -> None:
    summary = np.eye(8, dtype=np.float32)
    parts = plan_album([AlbumPhoto(summary, sureness) for sureness in (0.5, 0.9, 0.2)])
    assert (parts[1].averaged, set(parts[1].exemplars)) == (True, {0, 2})
    assert parts[0].exemplars == (1,)
    assert set(parts[2].exemplars) == {0, 1}


def test_corrected_photos_that_only_look_alike_do_not_keep_out_those_that_show_the_same() -> None:
    summary = np.eye(8, dtype=np.float32)
    parts = plan_album([AlbumPhoto(summary, 1, rank) for rank in (0, 0, 0, 0, 2, 2)])
    assert parts[4].exemplars == (0, 1, 2)
    assert parts[5].exemplars == (0, 1, 2, 4)


def test_a_long_album_in_which_each_takes_from_the_one_after_has_as_many_rounds() -> None:
    chain = [*(Part((number,)) for number in range(1, 2001)), Part()]
    assert waves(chain) == [[number] for number in range(2000, -1, -1)]
