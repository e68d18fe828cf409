"""What a call goes by that comes after others: made, changed, of somebody else, failed, begun and not ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import fsspec
import pytest

from case_blind import CaseBlind
from photochrom.batch.cluster.ledger import FAILED, Ledger
from photochrom.batch.cluster.sources import StoredPhoto
from photochrom.batch.manifest import CHANGED, COLORED, DONE, FOREIGN, OTHER
from photochrom.errors import OutputError
from photochrom.io.storage import Storage

PHOTO = StoredPhoto("s3://bucket/album", "a.jpg", "a.jpg", 5, "5 tag")
MAKE_ALL = {"overwrite": True, "skip_colored": False, "retry_failed": False}
OUTCOME = {
    "result": "a.jpg", "file": "", "source": PHOTO.source, "photo": PHOTO.stamp, "made": "", "state": "done",
    "reason": "", "code": "", "warnings": "[]", "seconds": 0.5,
}  # fmt: skip


@pytest.fixture
def output(tmp_path: Path) -> Storage:
    (tmp_path / "out").mkdir()
    return Storage(str(tmp_path / "out"))


@pytest.fixture
def case_blind() -> Iterator[str]:
    """URL of an empty folder of such a store."""
    fsspec.register_implementation("case-blind", CaseBlind, clobber=True)
    yield "case-blind://album"
    CaseBlind.store.clear()
    CaseBlind.pseudo_dirs[:] = [""]


def decide(output: Storage, photo: StoredPhoto = PHOTO, recipe: str = "recipe", **ways: bool) -> tuple[str, str]:
    with Ledger(output, recipe) as ledger:
        return ledger.decide(photo, **{"overwrite": False, "skip_colored": False, "retry_failed": False} | ways)


def write(output: Storage, name: str = "a.jpg", content: str = "result") -> str:
    file = Path(output.where).parent / "content"
    file.write_text(content)
    return output.put(file, name).stamp


def record(output: Storage, made: str, recipe: str = "recipe", **changes: object) -> None:
    with Ledger(output, recipe) as ledger:
        ledger.record(OUTCOME | {"made": made} | changes)
        assert ledger.seconds_each() is None  # of earlier calls alone


def test_what_was_made_is_left_alone_until_photo_or_recipe_change(output: Storage) -> None:
    assert decide(output) == ("make", "")
    record(output, write(output))
    assert decide(output) == ("skip", DONE)
    assert decide(output, recipe="another") == ("make", "")
    assert decide(output, StoredPhoto("s3://bucket/album", "a.jpg", "a.jpg", 6, "6 tag")) == ("make", "")
    assert decide(output, overwrite=True) == ("make", "")
    output.remove("a.jpg")
    assert decide(output) == ("make", "")


def test_what_is_somebody_else_s_is_left_alone(output: Storage) -> None:
    made = write(output)
    assert decide(output) == ("skip", FOREIGN)
    record(output, made)
    write(output, content="touched up")
    assert decide(output) == ("skip", CHANGED)
    assert decide(output, overwrite=True) == ("make", "")


def test_a_result_of_another_photo_is_left_alone(output: Storage) -> None:
    record(output, write(output))
    assert decide(output, StoredPhoto("s3://elsewhere", "a.jpg", "a.jpg", 9, "9 other")) == ("skip", OTHER)
    assert decide(output, StoredPhoto("s3://moved", "a.jpg", "a.jpg", 5, "5 tag")) == ("make", "")


def test_what_a_killed_call_left_is_made_again_and_a_user_s_change_after_it_is_not(output: Storage) -> None:
    with Ledger(output, "recipe") as ledger:
        (part,) = ledger.claim([[{"result": "a.jpg"}, {"result": "b.jpg"}]])
        write(output)  # and then the call is killed
    assert output.look(part) is not None
    assert decide(output) == ("make", "")
    record(output, write(output))
    write(output, content="touched up")
    assert decide(output) == ("skip", CHANGED)


def test_a_plan_that_was_done_is_forgotten(output: Storage) -> None:
    with Ledger(output, "recipe") as ledger:
        (part,) = ledger.claim([[{"result": "a.jpg"}]])
        ledger.finish()
    assert output.look(part) is None


def test_failures_and_photos_with_colours_are_known_again(output: Storage) -> None:
    record(output, "", state="failed", reason="is no photo")
    assert decide(output) == ("skip", FAILED)
    assert decide(output, retry_failed=True) == ("make", "")
    assert decide(output, recipe="another") == ("make", "")
    record(output, "", state="colored")
    assert decide(output, skip_colored=True) == ("skip", COLORED)
    assert decide(output) == ("make", "")


def test_a_result_is_still_photochrom_s_after_it_could_not_be_made_again(output: Storage) -> None:
    record(output, write(output))
    with Ledger(output, "recipe") as ledger:
        ledger.record(OUTCOME | {"state": "failed", "photo": "6 tag"})
    changed = StoredPhoto("s3://bucket/album", "a.jpg", "a.jpg", 6, "6 tag")
    assert decide(output, changed) == ("skip", FAILED)
    assert decide(output, changed, retry_failed=True) == ("make", "")
    assert decide(output) == ("make", "")
    write(output, content="touched up")
    assert decide(output) == ("skip", CHANGED)


def test_what_is_put_where_a_photo_failed_is_somebody_else_s(output: Storage) -> None:
    record(output, "", state="failed", reason="is no photo")
    write(output)
    assert decide(output, retry_failed=True) == ("skip", FOREIGN)


def test_names_that_are_no_text_are_known_again(output: Storage) -> None:
    photo = StoredPhoto("/alb\udcfcm", "f\udcfcr.jpg", "f\udcfcr.jpg", 5, "5 tag", sidecars=("f\udcfcr.xmp",))
    made, beside = write(output, photo.result), write(output, "f\udcfcr.xmp")
    with Ledger(output, "recipe") as ledger:
        list(ledger.claim([[{"result": photo.result}]]))
    assert decide(output, photo) == ("make", "")
    record(output, made, result=photo.result, source=photo.source, beside=[("f\udcfcr.xmp", beside)])
    assert decide(output, photo) == ("skip", DONE)
    with Ledger(output, "recipe") as ledger:
        assert ledger.taken(photo) == ()


def test_no_photo_of_the_call_is_written_over(output: Storage) -> None:
    with Ledger(output, "recipe") as ledger:
        ledger.decide(PHOTO, overwrite=True, skip_colored=False, retry_failed=False)
        ledger.keep("b.jpg")
        assert ledger.written_over() == []
        ledger.keep("A.jpg")
        assert ledger.written_over() == []
        ledger.keep("a.jpg")
        assert ledger.written_over() == [(PHOTO.source, "a.jpg")]


def test_two_photos_of_one_result_are_refused(output: Storage) -> None:
    with Ledger(output, "recipe") as ledger:
        assert ledger.decide(PHOTO, **MAKE_ALL) == ("make", "")
        assert ledger.decide(PHOTO, **MAKE_ALL) == ("skip", "named twice")
        for other in StoredPhoto("s3://b", "x.png", "a.jpg", 1, "1"), replace(PHOTO, stamp="5 of another query"):
            act, why = ledger.decide(other, **MAKE_ALL)
            assert act == "refuse"
            assert PHOTO.source in why


NAMES = ("Album/\u00fc.jpg", "album/u\u0308.jpg")


def test_names_that_the_store_tells_apart_are_two(output: Storage) -> None:
    photos = [StoredPhoto("s3://b", name, name, 1, "1") for name in NAMES]
    with Ledger(output, "recipe") as ledger:
        assert [ledger.decide(photo, **MAKE_ALL)[0] for photo in photos] == ["make", "make"]
    assert [entry.name for _, entries in output.walk(lambda name: False) for entry in entries] == []


def test_names_that_the_store_takes_for_one_are_one(case_blind: str, tmp_path: Path) -> None:
    output, file = Storage(case_blind), tmp_path / "file"
    big, small = (StoredPhoto("s3://b", f"{name}.png", name, 1, "1") for name in ("Album/A.jpg", "album/a.jpg"))
    with Ledger(output, "recipe") as ledger:
        assert ledger.decide(big, **MAKE_ALL)[0] == "make"
        assert ledger.decide(small, **MAKE_ALL)[0] == "refuse"
        ledger.keep("ALBUM/A.JPG")
        assert ledger.written_over() == [(big.source, "Album/A.jpg")]
    file.write_text("somebody's")
    output.put(file, "album/a.jpg")
    assert decide(output, big) == ("skip", FOREIGN)


def test_two_calls_do_not_work_in_one_folder(output: Storage) -> None:
    with Ledger(output, "recipe"), pytest.raises(OutputError, match="another photochrom is writing there"):
        Ledger(output, "recipe")
    Ledger(output, "recipe").close()


def test_a_copied_sidecar_goes_where_nobody_else_s_lies(output: Storage) -> None:
    photo = StoredPhoto("s3://b", "a.jpg", "a.jpg", 5, "5", sidecars=("a.xmp", "a.jpg.xmp"))
    stamp = write(output, "a.xmp", "theirs")
    with Ledger(output, "recipe") as ledger:
        assert ledger.taken(photo) == ("a.xmp",)
    record(output, write(output), beside=[("a.xmp", stamp)])
    with Ledger(output, "recipe") as ledger:
        assert ledger.taken(photo) == ()
        assert ledger.seconds_each() == 0.5


def test_a_damaged_file_is_named(output: Storage) -> None:
    write(output, ".photochrom/outcomes/000001-aaaaaa-000000.parquet", "no parquet")
    with pytest.raises(OutputError, match=r"000000\.parquet: is damaged"):
        Ledger(output, "recipe")


def test_what_a_killed_call_left_half_written_goes(output: Storage) -> None:
    write(output, "a.jpg.0123abcd.photochrom-part")
    write(output, "a.jpg.0123abcd.part")  # of somebody else
    decide(output)
    assert output.look("a.jpg.0123abcd.photochrom-part") is None
    assert output.look("a.jpg.0123abcd.part") is not None
