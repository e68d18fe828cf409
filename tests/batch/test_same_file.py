"""Whether two names are of one file."""

from __future__ import annotations

from pathlib import Path

from photochrom.io.atomic import same_file


def test_one_file_by_several_names(tmp_path: Path) -> None:
    one, link, hard, other = (tmp_path / name for name in ("one", "link", "hard", "other"))
    one.touch()
    other.touch()
    link.symlink_to("one")
    hard.hardlink_to(one)
    assert all(
        same_file(one, str(name)) for name in (one, link, hard, tmp_path / "." / ".." / tmp_path.name / "one")
    )
    assert not same_file(one, other)
    for missing in (tmp_path / "none", tmp_path / ("x" * 300), "nul\0"):
        assert not same_file(one, missing)
        assert not same_file(missing, missing)
