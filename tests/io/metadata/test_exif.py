from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exif_blocks import NEW, OLD, block_of, photo_directory, turned
from photochrom.io.metadata.exif import edit_exif, make_block, parse_block, shortened
from photochrom.io.metadata.ifd import EXIF, Directory, Value
from photochrom.io.metadata.placement import Placement

SAME = Placement((1, 1), (1, 1))


def number(directory: Any, tag: int, order: str) -> int:
    return int(directory[tag].numbers(order)[0])


def second_directory(block: bytes, order: str) -> Directory:
    (at,) = struct.unpack_from(f"{order}I", block, 10)
    (count,) = struct.unpack_from(f"{order}H", block, 6 + at)
    (second,) = struct.unpack_from(f"{order}I", block, 6 + at + 2 + 12 * count)
    moved = bytearray(block)
    struct.pack_into(f"{order}I", moved, 10, second)
    return parse_block(bytes(moved))[0] if second else {}


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("behind", [b"", b"a camera's own data"])
@pytest.mark.parametrize("extended", [False, True])
def test_only_what_must_change_changes(order: str, behind: bytes, extended: bool) -> None:
    block = block_of(order, behind=behind)
    added: Directory = {33723: Value(7, b"\x1c\x02\x78\0\x01x"), 0x4746: Value(3, b"\5\0")} if extended else {}
    edited, left_out = edit_exif(
        block, Placement((48, 70_000), (48, 70_000)), added=added, missing={282: Value(5, bytes(8))}, thumbnail=NEW
    )
    assert edited is not None
    assert left_out == []
    found, found_order = parse_block(edited)
    assert found_order == order
    right = photo_directory(order)
    inner: Any = right[EXIF]
    right[274] = Value(3, struct.pack(f"{order}H", 1))
    inner[0xA001] = Value(3, struct.pack(f"{order}H", 1))
    inner[0xA002] = Value(4, struct.pack(f"{order}I", 48))  # the height does not fit into its field, and stays
    assert found == {**right, **(added if order == "<" else turned(added))}
    assert edited.index(inner[0x927C].content) == block.index(inner[0x927C].content)
    assert OLD not in edited
    assert edited.count(behind) or not behind
    thumbnail = second_directory(edited, order)
    at = 6 + number(thumbnail, 513, order)
    assert edited[at : at + number(thumbnail, 514, order)] == NEW
    again, _ = edit_exif(edited, Placement((48, 70_000), (48, 70_000)), added=added)
    assert again is not None
    assert parse_block(again)[0] == found
    assert second_directory(again, order) == {}


def test_without_a_block_there_is_one_only_for_something_to_say() -> None:
    assert edit_exif(None, SAME) == (None, [])
    assert edit_exif(b"", SAME) == (None, [])
    said, _ = edit_exif(None, SAME, missing={282: Value(5, struct.pack("<2I", 300, 1))})
    assert said is not None
    assert parse_block(said) == ({282: Value(5, struct.pack("<2I", 300, 1))}, "<")
    pictured, _ = edit_exif(None, SAME, thumbnail=NEW)
    assert pictured is not None
    assert second_directory(pictured, "<")


@pytest.mark.parametrize("block", [b"Exif\0\0", b"Exif\0\0junk", b"Exif\0\0II*\0\xff\0\0\0", b"II+\0" + bytes(20)])
def test_a_block_beyond_reading_stays_as_it_is(block: bytes) -> None:
    assert edit_exif(block, SAME, thumbnail=NEW)[0] in (block, edit_exif(None, SAME, thumbnail=NEW)[0])


def test_the_largest_values_make_way() -> None:
    directory = photo_directory("<")
    directory[65001] = Value(7, bytes(70_000))
    short, gone = shortened(make_block(directory), 2000)
    assert gone == [65001]
    del directory[65001]
    assert parse_block(short)[0] == directory
    assert len(short) < 2000


def test_a_block_of_very_many_tags_is_shortened_at_once() -> None:
    many: Directory = {tag: Value(7, bytes(9)) for tag in range(30_000)}
    short, gone = shortened(make_block(many), 65_533)
    assert 60_000 < len(short) <= 65_533
    assert len(parse_block(short)[0]) + len(gone) == 30_000


@given(st.sampled_from("<>"), st.data())
@settings(deadline=None, max_examples=300)
def test_damage_never_raises(order: str, data: st.DataObject) -> None:
    content = bytearray(block_of(order, behind=b"behind"))
    for _ in range(data.draw(st.integers(0, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(content[: data.draw(st.integers(0, len(content)))])
    edited, _ = edit_exif(
        damaged, Placement((9, 9), (8, 6), turned=6), added={33723: Value(7, b"x" * 9)}, thumbnail=NEW
    )
    assert edited is not None
    parse_block(edited)
    shortened(edited, 100)


@settings(max_examples=200, deadline=None)
@example(order="<", at=32, value=struct.pack("<II", 0x8000001, 1))  # of the orientation: count and place
@given(order=st.sampled_from("<>"), at=st.integers(14, 200), value=st.binary(min_size=1, max_size=4))
def test_damaged_entries_leave_the_header_as_it_is(order: str, at: int, value: bytes) -> None:
    block = bytearray(block_of(order))
    block[at : at + len(value)] = value
    edited, _ = edit_exif(bytes(block), Placement((48, 64), (64, 48), turned=6), orientation=3)
    assert edited is not None
    assert edited[:10] == block[:10]
