"""Edits of the fields by which a format says how large and where things are.

They leave the rest in order, so that the damage reaches the decoders behind the first check.
"""

from __future__ import annotations

import struct
import zlib
from random import Random

from fuzz.damage import ANY, NUMBERS, Change, Data, cut, flip, noise, repeat

__all__ = ["OF_FORMAT"]


def _png_chunks(data: Data) -> list[tuple[bytes, Data]]:
    chunks, at = [], 8
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        chunks.append((bytes(data[at + 4 : at + 8]), data[at + 8 : at + 8 + size]))
        at += 12 + size
    if not chunks:
        raise ValueError("no chunks")
    return chunks


def _png(chunks: list[tuple[bytes, Data]]) -> Data:
    made = Data(b"\x89PNG\r\n\x1a\n")
    for kind, content in chunks:
        made += struct.pack(">I", len(content)) + kind + content
        made += struct.pack(">I", zlib.crc32(kind + content))
    return made


def _png_header(data: Data, random: Random, _: list[bytes]) -> Data:
    chunks = _png_chunks(data)
    header = chunks[0][1]
    at, size = random.choice(((0, 4), (4, 4), (8, 1), (9, 1), (10, 1), (11, 1), (12, 1)))
    value = random.choice(NUMBERS if size == 4 else (0, 1, 2, 3, 4, 6, 8, 16))
    header[at : at + size] = (value & ((1 << (8 * size)) - 1)).to_bytes(size, "big")
    return _png(chunks)


def _png_chunk(data: Data, random: Random, others: list[bytes]) -> Data:
    chunks = _png_chunks(data)
    index = random.randrange(len(chunks))
    what = random.randrange(5)
    if what == 0:
        del chunks[index]
    elif what == 1:
        chunks.insert(random.randrange(len(chunks)), chunks[index])
    elif what == 2:
        other = random.randrange(len(chunks))
        chunks[index], chunks[other] = chunks[other], chunks[index]
    elif what == 3 and chunks[index][1]:
        chunks[index] = (chunks[index][0], random.choice(ANY)(Data(chunks[index][1]), random, others))
    else:
        kind = random.choice((b"tRNS", b"PLTE", b"iCCP", b"eXIf", b"pHYs", b"gAMA", b"acTL", b"fdAT", b"zTXt",
                              b"iTXt", b"sBIT", b"cHRM", b"bKGD", b"IDAT", b"IEND", b"ABCD"))  # fmt: skip
        chunks.insert(random.randrange(1, len(chunks)), (kind, Data(random.randbytes(random.randrange(60)))))
    return _png(chunks)


def _png_pixels(data: Data, random: Random, others: list[bytes]) -> Data:
    chunks = _png_chunks(data)
    plain = Data(zlib.decompress(b"".join(content for kind, content in chunks if kind == b"IDAT")))
    plain = random.choice((flip, cut, noise, repeat))(plain, random, others)
    at = [kind for kind, _c in chunks].index(b"IDAT")
    chunks = [chunk for chunk in chunks if chunk[0] != b"IDAT"]
    chunks.insert(at, (b"IDAT", Data(zlib.compress(plain))))
    return _png(chunks)


def _jpeg_segments(data: Data) -> list[Data]:
    """SOI, the segments up to the first SOS, and the rest as one piece."""
    pieces, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        size = 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        last = data[at + 1] == 0xDA
        pieces.append(data[at : at + size])
        at += size
        if last:
            break
    return [*pieces, data[at:]]


def _jpeg_segment(data: Data, random: Random, others: list[bytes]) -> Data:
    pieces = _jpeg_segments(data)
    index = random.randrange(1, len(pieces))
    what = random.randrange(6)
    if what == 0:
        del pieces[index]
    elif what == 1:
        pieces.insert(random.randrange(1, len(pieces)), pieces[index])
    elif what == 2:
        other = random.randrange(1, len(pieces))
        pieces[index], pieces[other] = pieces[other], pieces[index]
    elif what == 3 and len(pieces[index]) > 4:
        pieces[index] = pieces[index][:4] + random.choice(ANY)(pieces[index][4:], random, others)
    elif what == 4:
        pieces[index][2:4] = struct.pack(">H", random.choice(NUMBERS) & 0xFFFF)
    else:
        marks = (*range(0xC0, 0xD0), 0xD8, 0xD9, 0xDB, 0xDC, 0xDD, 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xFE)
        begin = random.choice((b"Exif\0\0II*\0", b"Adobe\0d", b"ICC_PROFILE\0\1\2", b""))
        content = begin + random.randbytes(random.randrange(40))
        segment = struct.pack(">BBH", 255, random.choice(marks), len(content) + 2) + content
        pieces.insert(random.randrange(1, len(pieces)), Data(segment))
    return Data(b"".join(pieces))


def _jpeg_frame(data: Data, random: Random, _: list[bytes]) -> Data:
    pieces = _jpeg_segments(data)
    frame = pieces[[piece[1:2] in (b"\xc0", b"\xc1", b"\xc2") for piece in pieces].index(True)]
    at, size = random.choice(((1, 1), (4, 1), (5, 2), (7, 2), (9, 1), (10, 1), (11, 1), (12, 1), (14, 1)))
    frame[at : at + size] = (random.choice(NUMBERS) & ((1 << (8 * size)) - 1)).to_bytes(size, "big")
    return Data(b"".join(pieces))


def _jpeg_scan(data: Data, random: Random, _: list[bytes]) -> Data:
    at = data.index(b"\xff\xda") + 12
    for _n in range(random.choice((1, 3))):
        place = random.randrange(at, len(data))
        data[place : place + random.choice((0, 1, 2))] = random.choice(
            (b"\xff\xd0", b"\xff\xd9", b"\xff\xda", b"\xff\x01", b"\xff\xff", b"\0\0", b"\xff\xc4", b"", b"\x55")
        )
    return data


def _tiff_table(data: Data) -> tuple[str, int, int, int]:
    """Byte order, where the entries begin, how many there are, and the length of each."""
    order = "<" if data[:2] == b"II" else ">"
    if struct.unpack_from(f"{order}H", data, 2)[0] == 43:
        (at,) = struct.unpack_from(f"{order}Q", data, 8)
        (count,) = struct.unpack_from(f"{order}Q", data, at)
        return order, at + 8, min(count, 64), 20
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, at)
    return order, at + 2, min(count, 64), 12


def _tiff_entry(data: Data, random: Random, _: list[bytes]) -> Data:
    order, begin, count, length = _tiff_table(data)
    at = begin + length * random.randrange(count)
    what = random.random()
    if what < 0.2:
        tags = (254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 330,
                338, 339, 347, 530, 700, 33723, 34377, 34665, 34675, 34853)  # fmt: skip
        struct.pack_into(f"{order}H", data, at, random.choice(tags))
    elif what < 0.35:
        struct.pack_into(f"{order}H", data, at + 2, random.choice((*range(20), 255)))
    elif what < 0.5:
        form = "Q" if length == 20 else "I"
        top = (1 << (64 if length == 20 else 32)) - 1
        struct.pack_into(order + form, data, at + 4, random.choice(NUMBERS) & top)
    else:
        value = at + (12 if length == 20 else 8)
        form, top = random.choice((("H", 0xFFFF), ("I", 0xFFFFFFFF)))
        struct.pack_into(order + form, data, value, random.choice((*NUMBERS, begin, len(data) - 1)) & top)
    return data


def _tiff_field(data: Data, random: Random, _: list[bytes]) -> Data:
    """Give a field that says how the pixels are stored another value that may be one."""
    order, begin, count, length = _tiff_table(data)
    values = {
        256: (1, 39, 41, 50_000, 1 << 20),
        257: (1, 29, 31, 50_000, 1 << 20),
        258: (1, 2, 4, 8, 12, 16, 24, 32, 64, 200),
        259: (1, 2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34712, 34887, 34925, 50000, 50001, 34661, 34676, 34677, 32908),
        262: (0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 32803, 32844, 32845),
        274: (0, 1, 3, 6, 9, 65535),
        277: (0, 1, 2, 3, 4, 5, 200, 65535),
        278: (0, 1, 3, 1 << 20, 0xFFFFFFFF),
        284: (0, 1, 2, 3),
        317: (0, 1, 2, 3),
        322: (0, 1, 16, 17, 64, 1 << 16, 1 << 31),
        323: (0, 1, 16, 17, 64, 1 << 16, 1 << 31),
        338: (0, 1, 2, 9),
        339: (1, 2, 3, 4, 5, 6),
    }
    known = [
        at
        for at in range(begin, begin + length * count, length)
        if struct.unpack_from(f"{order}H", data, at)[0] in values
    ]
    at = random.choice(known)
    tag, kind = struct.unpack_from(f"{order}HH", data, at)
    value = at + (12 if length == 20 else 8)
    form, top = ("H", 0xFFFF) if kind == 3 else ("I", 0xFFFFFFFF)
    struct.pack_into(order + form, data, value, random.choice(values[tag]) & top)
    return data


def _tiff_chain(data: Data, random: Random, _: list[bytes]) -> Data:
    order, begin, count, length = _tiff_table(data)
    form, head = ("Q", 8) if length == 20 else ("I", 2)
    target = random.choice((begin - head, begin, 0, 8, len(data), 1 << 31))
    struct.pack_into(order + form, data, begin + length * count, target)
    return data


def _riff_field(data: Data, random: Random, _: list[bytes]) -> Data:
    chunks, at = [], 12
    while at + 8 <= len(data) and len(chunks) < 64:
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        chunks.append((at, size))
        at += 8 + size + size % 2
    at, size = random.choice(chunks)
    if random.random() < 0.4:
        value = random.choice((*NUMBERS, size - 1, size + 1)) & 0xFFFFFFFF
        struct.pack_into("<I", data, random.choice((at + 4, 4)), value)
    elif random.random() < 0.5:
        del data[at : at + 8 + size + size % 2]
    else:
        place = at + 8 + random.randrange(min(size, 14))
        data[place] = random.choice((0, 1, 2, 16, 63, 127, 128, 255))
    return data


def _box_field(data: Data, random: Random, _: list[bytes]) -> Data:
    names = (b"ftyp", b"meta", b"hdlr", b"pitm", b"iloc", b"iinf", b"infe", b"iprp", b"ipco", b"ispe", b"pixi",
             b"av1C", b"colr", b"ipma", b"iref", b"mdat", b"auxC", b"irot", b"Exif")  # fmt: skip
    places = [at for name in names if (at := data.find(name)) >= 4]
    at = random.choice(places)
    size = int.from_bytes(data[at - 4 : at], "big")
    what = random.random()
    if what < 0.25:
        value = random.choice((*NUMBERS, size - 1, size + 1, size + 8)) & 0xFFFFFFFF
        struct.pack_into(">I", data, at - 4, value)
    elif what < 0.35:
        del data[at - 4 : at - 4 + size]
    elif what < 0.45:
        data[at:at] = data[at - 4 : at - 4 + size]
    else:
        width = random.choice((1, 2, 4))
        place = at + 4 + random.randrange(max(1, min(size - 8, 40)))
        value = random.choice(NUMBERS) & ((1 << (8 * width)) - 1)
        data[place : place + width] = value.to_bytes(width, "big")
    return data


def _gif_field(data: Data, random: Random, _: list[bytes]) -> Data:
    places = [6, 8, 10, 11, 12, 13]
    found = data.find(b",", 13)
    while 0 <= found < len(data) - 12 and len(places) < 60:
        places += [found + offset for offset in (1, 3, 5, 7, 9, 10, 11)]
        found = data.find(b",", found + 1)
    at = random.choice(places)
    struct.pack_into("<H", data, at, random.choice(NUMBERS) & 0xFFFF)
    return data


def _bmp_field(data: Data, random: Random, _: list[bytes]) -> Data:
    at = random.choice((2, 10, 14, 18, 22, 26, 28, 30, 34, 38, 46, 50))
    form = "H" if at in (26, 28) else "I"
    small = {28: (0, 1, 2, 4, 8, 16, 24, 32, 64), 30: range(12), 14: (12, 16, 40, 52, 56, 64, 108, 124)}
    value = random.choice(small.get(at, (*NUMBERS, (1 << 32) - 30, (1 << 32) - 65_535)))
    struct.pack_into(f"<{form}", data, at, value & (0xFFFF if form == "H" else 0xFFFFFFFF))
    return data


def _pnm_number(data: Data, random: Random, _: list[bytes]) -> Data:
    places = [at for at in range(2, min(60, len(data))) if data[at : at + 1].isdigit()]
    at = random.choice(places)
    data[at : at + 1] = random.choice((b"0", b"-1", b"9", b"4294967296", b"x", b"#", b""))
    return data


OF_FORMAT: dict[str, tuple[Change, ...]] = {
    "jpeg": (_jpeg_segment, _jpeg_frame, _jpeg_scan),
    "png": (_png_header, _png_chunk, _png_chunk, _png_pixels),
    "tiff": (_tiff_entry, _tiff_field, _tiff_field, _tiff_chain),
    "webp": (_riff_field,),
    "avif": (_box_field,),
    "gif": (_gif_field,),
    "bmp": (_bmp_field,),
    "heic": (_box_field,),
    "raw": (_tiff_entry, _tiff_field, _tiff_field, _tiff_chain),
    "jp2": (_box_field,),
    "jxl": (_box_field,),
    "pnm": (_pnm_number,),
}
