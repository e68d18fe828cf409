from __future__ import annotations

import base64
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from photochrom.io.metadata.placement import Placement
from photochrom.io.metadata.xmp.added import DIGITAL_SOURCE_TYPE, mark_synthetic, with_comments
from photochrom.io.metadata.xmp.corrected import true_of_pixels
from photochrom.io.vips import libvips

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
DC = "http://purl.org/dc/elements/1.1/"
PRINT = "http://cv.iptc.org/newscodes/digitalsourcetype/print"
NAMES = ("DigitalSourceType", "AISystemUsed", "AISystemVersionUsed")
ExifTool = Callable[..., dict[str, Any]]
NOTE = (DIGITAL_SOURCE_TYPE, "article-6 (photochrom 0.2.0)", "1.0.3")

BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">'
END = '</x:xmpmeta>\n<?xpacket end="w"?>'


def mark(packet: bytes | None) -> bytes:
    return mark_synthetic(packet, network="article-6", version="1.0.3", program="photochrom 0.2.0")


def packet_of(description: str, begin: str = BEGIN, end: str = END) -> str:
    return f'{begin}<rdf:RDF xmlns:rdf="{RDF}">{description}</rdf:RDF>{end}'


def note_of(packet: bytes) -> tuple[str | None, ...]:
    """Read the note with another parser, and count it."""
    root = ET.fromstring(packet[packet.index(b"<") :].rstrip(b"\0").decode().encode())
    (rdf,) = [root] if root.tag == f"{{{RDF}}}RDF" else list(root.iter(f"{{{RDF}}}RDF"))
    descriptions = rdf.findall(f"{{{RDF}}}Description")
    for name in NAMES:
        said = [d for d in descriptions if f"{{{IPTC}}}{name}" in d.attrib]
        assert len(said) == 1
        assert not [child for d in descriptions for child in d if child.tag == f"{{{IPTC}}}{name}"]
    return tuple(said[0].get(f"{{{IPTC}}}{name}") for name in NAMES)


RICH = packet_of(f"""<!-- kept -->
 <rdf:Description rdf:about="uuid:1936"
   xmlns:dc='{DC}' xmlns:my="http://example.com/my/" my:note="a &gt; b &amp; ' DigitalSourceType='x'">
  <dc:title><rdf:Alt><rdf:li xml:lang="x-default">Grüße aus Köln 日本</rdf:li></rdf:Alt></dc:title>
  <my:struct rdf:parseType="Resource"><my:inner>1</my:inner></my:struct>
 </rdf:Description>
 <rdf:Description rdf:about="uuid:1936" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="Scan 1.0"/>
""")


@pytest.mark.parametrize("packet", [None, b"", b" \n", b"\0\0", RICH.encode()])
def test_the_note_is_added(packet: bytes | None) -> None:
    marked = mark(packet)
    assert note_of(marked) == NOTE
    assert mark(marked) == marked


def test_all_else_stays_byte_for_byte() -> None:
    marked = mark(RICH.encode())
    at = next(i for i, (old, new) in enumerate(zip(RICH.encode(), marked, strict=False)) if old != new)
    added = len(marked) - len(RICH.encode())
    assert marked[:at] + marked[at + added :] == RICH.encode()


@pytest.mark.parametrize(
    "description",
    [
        f'<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="{IPTC}" Iptc4xmpExt:DigitalSourceType="{PRINT}"/>',
        f"""<rdf:Description rdf:about="" xmlns:e='{IPTC}'><e:DigitalSourceType>
            {PRINT} </e:DigitalSourceType><e:AISystemUsed>x</e:AISystemUsed></rdf:Description>""",
        f'<rdf:Description xmlns:e="{IPTC}"><e:DigitalSourceType rdf:resource="{PRINT}"/></rdf:Description>',
        f'<rdf:Description/><rdf:Description><DigitalSourceType xmlns="{IPTC}">{PRINT}</DigitalSourceType>'
        "</rdf:Description>",
        f'<rdf:Description xmlns:Iptc4xmpExt="urn:other" xmlns:e="{IPTC}" Iptc4xmpExt:AISystemUsed="theirs" '
        f' e:DigitalSourceType = "{PRINT}" ></rdf:Description>',
    ],
)
def test_an_earlier_source_type_is_replaced_and_remembered(description: str) -> None:
    marked = mark(packet_of(description).encode())
    assert note_of(marked) == NOTE
    assert marked.decode().count(PRINT) == 1
    assert f'photochrom:FormerDigitalSourceType="{PRINT}"' in marked.decode()
    again = mark(marked.replace(DIGITAL_SOURCE_TYPE.encode(), b"urn:elsewhere"))
    assert note_of(again) == NOTE
    assert again.decode().count("FormerDigitalSourceType") == 1
    assert ("theirs" in description) == (b"theirs" in marked)


def test_a_prefix_that_means_something_else_is_left_to_it() -> None:
    marked = mark(packet_of('<rdf:Description xmlns:Iptc4xmpExt="urn:x" Iptc4xmpExt:a="b"/>').encode())
    assert note_of(marked) == NOTE
    assert b'Iptc4xmpExt2:DigitalSourceType="' in marked


@pytest.mark.parametrize(
    "packet",
    [
        packet_of("", "", ""),
        f'<RDF xmlns="{RDF}"/>',
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="{RDF}" /></x:xmpmeta>',
        f'<rdf:RDF xmlns:rdf="{RDF}"><rdf:Description rdf:about=""/></rdf:RDF>',
        '<?xml version="1.0" encoding="UTF-8"?>' + packet_of("<rdf:Description/>", "", ""),
    ],
)
def test_a_packet_may_be_bare(packet: str) -> None:
    assert note_of(mark(packet.encode())) == NOTE


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "utf-16", "utf-32"])
@pytest.mark.parametrize("ending", ["", "\0\0", "\n"])
def test_other_encodings_are_kept(encoding: str, ending: str) -> None:
    marked = mark((RICH + ending).encode(encoding))
    assert marked.decode(encoding).rstrip("\0\n") == mark(RICH.encode()).decode()


def test_what_is_not_utf8_is_kept() -> None:
    packet = RICH.encode("latin-1", "ignore")
    marked = mark(packet)
    assert "Grüße".encode("latin-1") in marked
    assert note_of(marked.decode("latin-1").encode()) == NOTE


@pytest.mark.parametrize(
    "packet",
    [
        RICH.encode()[:600],
        b"<a><b></a>",
        b"no XML at all",
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
        b"\xff\xfe<",
        b"<!DOCTYPE a [<!ENTITY b 'cc'>]>" + packet_of("<rdf:Description/>", "", "").encode(),
    ],
)
def test_what_is_no_xmp_is_kept_whole(packet: bytes) -> None:
    marked = mark(packet)
    assert note_of(marked) == NOTE
    assert base64.b64encode(packet) in marked
    assert mark(marked) == marked


def test_entities_are_not_expanded() -> None:
    bomb = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
    begun = time.process_time()
    mark(f"<!DOCTYPE a [<!ENTITY a0 'x'>{bomb}]><a>&a11;</a>".encode())
    assert time.process_time() - begun < 5


def test_padding_makes_room_for_the_note() -> None:
    packet = packet_of("<rdf:Description/>", end="</x:xmpmeta>" + 20 * (99 * " " + "\n") + '<?xpacket end="w"?>')
    marked = mark(packet.encode())
    assert len(marked) == len(packet.encode())
    assert note_of(marked) == NOTE
    assert mark(marked) == marked


def test_a_huge_packet_takes_no_longer_than_reading_it() -> None:
    many = "".join(f'<rdf:li n="{n}">{"x" * 200}</rdf:li>' for n in range(40_000))
    deep = "<rdf:li>" * 3_000 + "</rdf:li>" * 3_000
    packet = packet_of(f"<rdf:Description><a:b xmlns:a='urn:a'>{many}{deep}</a:b></rdf:Description>").encode()
    begun = time.process_time()
    assert len(mark(packet)) > len(packet) > 9_000_000
    assert time.process_time() - begun < 10


plain_text = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


@given(value=plain_text, title=plain_text, network=st.text(max_size=20), version=st.text(max_size=9))
@settings(deadline=None)
def test_any_text_survives(value: str, title: str, network: str, version: str) -> None:
    packet = packet_of(
        f'<rdf:Description xmlns:a="urn:a" a:b={quoteattr(value)}><a:t>{escape(title)}</a:t></rdf:Description>'
    )
    marked = mark_synthetic(packet.encode(), network=network, version=version, program="p")
    (description,) = ET.fromstring(marked[marked.index(b"<") :]).iter(f"{{{RDF}}}Description")
    assert description.get("{urn:a}b") == ET.fromstring(packet[packet.index("<") :])[0][0].get("{urn:a}b")
    assert (description[0].text or "") == title
    assert mark_synthetic(marked, network=network, version=version, program="p") == marked


@given(st.one_of(st.binary(max_size=300), st.integers(0, len(RICH.encode())).map(lambda n: RICH.encode()[:n])))
@settings(deadline=None)
def test_damage_never_raises(packet: bytes) -> None:
    marked = mark(packet)
    assert DIGITAL_SOURCE_TYPE in marked.decode("utf-8", "ignore").replace("\0", "")


@given(st.integers(0, len(RICH.encode()) - 1), st.binary(min_size=1, max_size=3))
@settings(deadline=None, max_examples=300)
def test_a_changed_byte_never_raises(at: int, junk: bytes) -> None:
    packet = RICH.encode()[:at] + junk + RICH.encode()[at + 1 :]
    marked = mark(packet)
    assert DIGITAL_SOURCE_TYPE.encode() in marked
    assert mark(marked) == marked


def test_a_name_that_is_no_utf8_is_left_alone() -> None:
    description = '<rdf:Description xmlns:o="urn:photochrom:xmp/1.0/" o:Grüße="x"/>'
    packet = packet_of(description, begin="<x:xmpmeta xmlns:x='adobe:ns:meta/'>").encode("latin-1")
    assert DIGITAL_SOURCE_TYPE.encode() in mark(packet)
    assert 'o:Grüße="x"'.encode("latin-1") in mark(packet)


def test_comments_are_added_once() -> None:
    packet = with_comments(with_comments(RICH.encode(), ["a\nb"]), ["a\nb", "Grüße & <Co>"])
    assert with_comments(packet, ["a\nb", "Grüße & <Co>"]) == packet
    (value,) = [d.get("{urn:photochrom:xmp/1.0/}Comment") for d in ET.fromstring(packet)[0] if len(d)]
    assert value == "a\nb\n\nGrüße & <Co>"
    assert note_of(mark(packet)) == NOTE
    assert b"Comment=" in with_comments(b"no XMP", ["a"])


def test_text_that_looks_like_an_attribute_is_none() -> None:
    text = f' x Iptc4xmpExt:DigitalSourceType="{PRINT}"'
    packet = packet_of(f'<rdf:Description xmlns:Iptc4xmpExt="{IPTC}" />{text}').encode()
    marked = mark(packet)
    assert note_of(marked) == NOTE
    assert text.encode() in marked


@pytest.mark.parametrize(
    "packet",
    [
        packet_of("<rdf:Description>" + " " * 2_000_000 + "x </rdf:Description>"),
        packet_of(f'<rdf:Description xmlns:e="{IPTC}">' + "<e:AISystemUsed/>" * 50_000 + "</rdf:Description>"),
        packet_of(
            "<rdf:Description>"
            + "".join(f'<a xmlns:p{n}="u">' for n in range(30_000))
            + "</a>" * 30_000
            + "</rdf:Description>"
        ),
        packet_of("<rdf:Description/>" * 100_000),
    ],
    ids=["spaces", "notes", "prefixes", "descriptions"],
)
def test_a_hostile_packet_takes_no_longer(packet: str) -> None:
    begun = time.process_time()
    assert mark(mark(packet.encode())).count(DIGITAL_SOURCE_TYPE.encode()) == 1
    assert time.process_time() - begun < 10


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp", ".avif"])
def test_another_program_reads_the_note_and_all_else(suffix: str, tmp_path: Path, exiftool: ExifTool) -> None:
    image = libvips().Image.new_from_array(np.zeros((8, 8, 3), np.uint8))
    read = []
    for packet in (RICH.encode(), mark(RICH.encode())):
        noted = image.copy()
        noted.set_type(libvips().GValue.blob_type, "xmp-data", packet)
        path = tmp_path / f"photo{suffix}"
        noted.write_to_file(str(path))
        read.append({tag: value for tag, value in exiftool(path).items() if tag.startswith("XMP")})
    before, after = read
    assert "Grüße aus Köln 日本" in str(before)
    assert {tag: value for tag, value in after.items() if tag in before} == before
    added = {tag.rpartition(":")[2]: value for tag, value in after.items() if tag not in before}
    assert added == dict(zip(NAMES, NOTE, strict=True))


TIFF, XAP, PHOTOSHOP = (f"http://ns.adobe.com/{name}/1.0/" for name in ("tiff", "xap", "photoshop"))
SPACES = f'xmlns:t="{TIFF}" xmlns:xmp="{XAP}" xmlns:p="{PHOTOSHOP}" xmlns:my="urn:my"'
PIXELS = [  # a description, and what of it is true of new pixels that stand upright
    (f'<rdf:Description {SPACES} t:Orientation = "6" my:a="1"/>', ('"6"', '"1"')),
    (f"<rdf:Description {SPACES} t:Orientation='6'><my:a/></rdf:Description>", ("'6'", "'1'")),
    (f"<rdf:Description {SPACES}> <t:Orientation> 6\n</t:Orientation> </rdf:Description>", ("> 6", "> 1")),
    (f'<rdf:Description {SPACES} p:ColorMode="1" p:City="Köln" p:ICCProfile="Grau"/>', (' p:ColorMode="1"', "")),
    (f"<rdf:Description {SPACES}>\n <p:ICCProfile>Grau</p:ICCProfile></rdf:Description>", ()),
    (
        f"<rdf:Description {SPACES} p:City='ü'><xmp:Rating>4</xmp:Rating><xmp:Thumbnails><rdf:Alt>"
        '<rdf:li rdf:parseType="Resource"><xmp:image>AAAA</xmp:image></rdf:li><rdf:li><rdf:Description>'
        "<t:Orientation>6</t:Orientation></rdf:Description></rdf:li></rdf:Alt></xmp:Thumbnails></rdf:Description>",
        (),
    ),
]
REMOVED = (' p:ICCProfile="Grau"', "\n <p:ICCProfile>Grau</p:ICCProfile>")


def upright(packet: bytes) -> bytes:
    return true_of_pixels(packet, Placement((1, 1), (1, 1)))[0]


def trued(packet: str, change: tuple[str, ...]) -> str:
    packet = packet.replace(*change) if change else packet  # type: ignore[arg-type]
    for part in REMOVED:
        packet = packet.replace(part, "")
    start, end = packet.find("<xmp:Thumbnails>"), packet.find("</xmp:Thumbnails>")
    return packet if start < 0 else packet[:start] + packet[end + len("</xmp:Thumbnails>") :]


@pytest.mark.parametrize(("description", "change"), PIXELS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_what_it_says_of_the_pixels_becomes_true(description: str, change: tuple[str, ...], encoding: str) -> None:
    packet = packet_of(description)
    corrected = upright(packet.encode(encoding))
    assert corrected.decode(encoding) == trued(packet, change)
    assert upright(corrected) == corrected
    assert upright(mark(packet.encode())) == mark(upright(packet.encode()))


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"no XMP",
        RICH.encode(),
        RICH.encode("utf-16") + b"\0\0",
        packet_of(f'<rdf:Description {SPACES} my:Orientation="6"><t:Orientation/></rdf:Description>').encode(),
        packet_of(
            f'<rdf:Description {SPACES}><my:a rdf:parseType="Resource"><t:Orientation>6</t:Orientation>'
            "<p:ColorMode>1</p:ColorMode></my:a></rdf:Description>"
        ).encode(),
    ],
)
def test_what_it_says_of_other_things_stays(packet: bytes) -> None:
    assert upright(packet) == packet
