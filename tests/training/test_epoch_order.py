from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from photochrom.errors import RecipeError
from photochrom.training import load_recipe
from photochrom.training.epoch_order import EpochOrder, collection_of
from photochrom.training.seeds import seeded_generator


def keys(**sizes):
    return [f"{name}-{number:05}" for name, count in sizes.items() for number in range(count)]


def given_by(order, names, epoch=1):
    return Counter(collection_of(names[number]) for number in order(epoch))


@pytest.mark.parametrize(
    ("key", "collection"),
    [
        ("portraits/2019/a-1.jpg", "portraits"),
        ("train_color/portraits/1.jpg", "portraits"),
        ("train_color/a.jpg", ""),
        ("sunscenes-1f08", "sunscenes"),
        ("photos-00-000123", "photos-00"),
        ("a.jpg", ""),
    ],
)
def test_a_photos_key_tells_its_collection(key, collection):
    assert collection_of(key) == collection


def test_without_a_cap_every_photo_comes_once_in_the_order_that_it_always_had():
    order = EpochOrder(keys(scenes=90, faces=10), 7, None)
    assert order(3) == torch.randperm(100, generator=seeded_generator(7, 3)).tolist()
    assert str(order) == "100 photos"


def test_a_large_collection_gives_no_more_than_its_cap():
    names = keys(scenes=700, streets=60, faces=60, rooms=60, things=60, food=60)
    order = EpochOrder(names, 1, 2.5)
    found = given_by(order, names)
    assert found.pop("scenes") == order.most
    assert set(found.values()) == {60}
    assert 2.4 < order.most / (len(order) / 6) <= 2.5
    assert str(order) == f"{len(order)} of 1000 photos (at most {order.most} of each of 6 collections: scenes)"


def test_all_photos_of_a_capped_collection_have_their_turn():
    names = keys(scenes=700, streets=60, faces=60, rooms=60, things=60, food=60)
    order = EpochOrder(names, 1, 2.5)
    assert order.most < 700 / 3
    seen = Counter(number for epoch in range(1, 22) for number in order(epoch))
    times = [seen[number] for number in range(700)]
    assert max(times) - min(times) <= 1
    assert order(1) != order(2)
    assert order(2) == EpochOrder(names, 1, 2.5)(2) != EpochOrder(names, 2, 2.5)(2)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=8), st.floats(1.1, 9), st.integers(1, 40))
def test_no_photo_comes_twice_and_no_collection_rules(sizes, cap, epoch):
    names = keys(**{f"c{at}": size for at, size in enumerate(sizes)})
    order = EpochOrder(names, 3, cap)
    drawn = order(epoch)
    assert len(drawn) == len(set(drawn)) == len(order)
    found = given_by(order, names, epoch)
    mean = len(order) / len(sizes)
    assert max(found.values()) <= max(1, cap * mean + 1)  # a whole number of photos
    for at, size in enumerate(sizes):
        assert found[f"c{at}"] == min(size, order.most)


def test_streamed_shards_cannot_keep_to_a_cap():
    with pytest.raises(RecipeError, match="cannot be kept to where shards are streamed"):
        load_recipe("photochrom-1", {"shuffle_buffer": "50"})
    load_recipe("photochrom-1", {"shuffle_buffer": "50", "collection_cap": "null"})
