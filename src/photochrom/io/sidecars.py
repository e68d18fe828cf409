"""Sidecars: what programs wrote of a photo into an XMP file beside it, so as not to touch the photo.

Two ways to name them are in use: ``photo.xmp`` (Lightroom, Bridge, Capture One) and ``photo.jpg.xmp`` (darktable,
digiKam).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from xml.parsers import expat

from photochrom.errors import OutputError, reason_of
from photochrom.io.atomic import replace_file
from photochrom.io.formats import kind_of
from photochrom.io.metadata.file_metadata import FileMetadata
from photochrom.io.metadata.header import Metadata
from photochrom.io.metadata.xmp.encoding import to_utf8
from photochrom.io.metadata.xmp.merged import merged_packets
from photochrom.io.metadata.xmp.tree import Packet
from photochrom.result_notes import Note

__all__ = [
    "files_beside",
    "find_sidecars",
    "sidecar_metadata",
    "sidecar_target",
    "sidecars_digest",
    "with_sidecars",
    "write_sidecar",
]

_SUFFIXES = (".xmp", ".XMP", ".Xmp")
_MOST_BYTES = 1 << 26
_EXTENSION = ("http://ns.adobe.com/photoshop/1.0/", "SidecarForExtension")


def files_beside(photo: Path) -> list[Path]:
    """Return the files that have the name of a sidecar of a photo, the less specific name first."""
    found = []
    for base in dict.fromkeys((photo.stem, photo.name)):
        paths = (photo.with_name(base + suffix) for suffix in _SUFFIXES)
        found += [path for path in paths if path.is_file()][:1]
    return found


def find_sidecars(photo: Path) -> list[Path]:
    """Return the sidecars of a photo, the less specific name first.

    ``photo.xmp`` may belong to any file of that stem. It is not this photo's if it says that it is of another kind
    of file: of the raw, where a camera wrote raw and JPEG of one shot.
    """
    return [path for path in files_beside(photo) if path.stem == photo.name or not _is_of_another(path, photo)]


def sidecars_digest(photo: Path) -> str:
    """Return a text that changes with what a photo's sidecars say, and is empty where it has none."""
    digest = hashlib.blake2b(digest_size=20)
    found = find_sidecars(photo)
    for path in found:
        try:
            digest.update(path.name.encode(errors="surrogateescape") + b"\0" + path.read_bytes())
        except OSError:
            digest.update(b"unreadable")
    return digest.hexdigest() if found else ""


def with_sidecars(metadata: Metadata, photo: Path) -> tuple[Metadata, list[Note]]:
    """Add to a photo's metadata what its sidecars say; where both say something, the sidecar is right.

    Returns:
        The metadata, and a note on each sidecar that cannot be read.
    """
    notes = []
    for path in find_sidecars(photo):
        content = _content(path)
        packet = None if content is None else merged_packets(metadata.file.xmp, content)
        if packet is None:
            notes.append(_unreadable(path))
        else:
            metadata = replace(metadata, file=replace(metadata.file, xmp=packet))
    return metadata, notes


def sidecar_metadata(metadata: Metadata, photo: Path) -> tuple[list[tuple[Path, Metadata]], list[Note]]:
    """Read each of a photo's sidecars by itself, to be written beside a result.

    Returns:
        Each sidecar, with what it says about pixels such as `metadata` is about, and a note on each that cannot be
        read.
    """
    found, notes = [], []
    for path in find_sidecars(photo):
        content = _content(path)
        if content is None or merged_packets(None, content) is None:
            notes.append(_unreadable(path))
        else:
            found.append((path, replace(metadata, file=FileMetadata(xmp=content))))
    return found, notes


def sidecar_target(sidecar: Path, photo: Path, target: Path) -> Path:
    """Name a result's sidecar in the way that its photo's is named."""
    suffix = sidecar.name[-len(".xmp") :]
    return target.with_name((target.name if sidecar.name == photo.name + suffix else target.stem) + suffix)


def write_sidecar(path: Path, packet: bytes) -> None:
    """Write a sidecar, whole or not at all.

    Raises:
        OutputError: if it cannot be written.
    """
    try:
        with replace_file(path) as temporary:
            temporary.write_bytes(packet)
    except OSError as error:
        raise OutputError(path, f"cannot be written ({reason_of(error, path)})", "check the folder") from error


def _content(path: Path) -> bytes | None:
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        return path.read_bytes()
    except OSError:
        return None


def _unreadable(path: Path) -> Note:
    return Note(str(path), "cannot be read as XMP; what it says is left out")


def _is_of_another(sidecar: Path, photo: Path) -> bool:
    content = _content(sidecar) or b""
    try:
        text, _ = to_utf8(content)
        if _EXTENSION[1].encode() not in text:
            return False
        packet = Packet(text[text.find(b"<") : text.rfind(b">") + 1])
    except (expat.ExpatError, ValueError):
        return False
    said = next((packet.said(node) for node in packet.properties() if node.name == _EXTENSION), "")
    return bool(said) and kind_of(f".{said}") != kind_of(photo.suffix)
