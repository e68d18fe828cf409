"""Make the page's icons of its SVG, and small pictures of its examples: `python scripts/make_page_pictures.py`.

The icons of a page that is installed: 192 and 512 pixels, and one of 512 that systems may cut to a shape of
theirs, whose picture therefore keeps to the middle (https://w3c.github.io/manifest/#icon-masks).
"""

from __future__ import annotations

import re
from pathlib import Path

import pyvips

PAGE = Path(__file__).parents[1] / "src" / "photochrom" / "server" / "page"
SAFE = 0.72  # of its side, the part of a maskable icon that the picture fills
GROUND = [23, 22, 21]  # the page's own, when dark
THUMB = (208, 156)  # twice the pixels that the page shows of an example


def main() -> None:
    """Write the pictures beside what they are made of."""
    icons = PAGE / "icons"
    svg = (icons / "favicon.svg").read_bytes()
    for side in (192, 512):
        _drawn(svg, side).pngsave(str(icons / f"icon-{side}.png"), compression=9, palette=True)
    inner = _drawn(svg, round(512 * SAFE)).flatten(background=GROUND)
    at = (512 - inner.width) // 2
    inner.embed(at, at, 512, 512, extend="background", background=GROUND).pngsave(
        str(icons / "icon-maskable-512.png"), compression=9, palette=True
    )
    examples = PAGE / "examples"
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    for name in sorted(set(re.findall(r'data-example="static/examples/([\w-]+)\.jpg"', page))):
        photo = pyvips.Image.new_from_file(str(examples / f"{name}.jpg"))
        thumb = photo.resize(max(THUMB[0] / photo.width, THUMB[1] / photo.height))
        thumb.webpsave(str(examples / f"{name}-small.webp"), Q=62, effort=6, keep="none")


def _drawn(svg: bytes, side: int) -> pyvips.Image:
    return pyvips.Image.svgload_buffer(svg, scale=side / 64)


if __name__ == "__main__":
    main()
