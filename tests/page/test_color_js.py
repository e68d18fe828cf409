"""The page's colour maths are the engine's."""

from __future__ import annotations

from typing import Any

import numpy as np

from photochrom.color.cielab import gamut_scale, lab_to_rgb, rgb_to_lab


def test_lab_in_the_browser_is_lab_in_the_engine(open_page: Any) -> None:
    page = open_page()
    rng = np.random.default_rng(7)
    rgb = np.concatenate([rng.random((300, 3)), np.eye(3), np.zeros((1, 3)), np.ones((1, 3))])
    wanted = np.concatenate([rng.uniform((0, -110, -110), (100, 110, 110), (300, 3)), [[100, 20, 20], [0, 5, 5]]])
    lab, shown, scale = page.evaluate(
        """async ([rgb, wanted]) => {
          const color = await import(new URL("static/js/color.js", document.baseURI));
          return [
            rgb.map(color.rgbToLab),
            wanted.map((lab) => color.labToRgb(...lab)),
            wanted.map((lab) => color.gamutScale(...lab)),
          ];
        }""",
        [rgb.tolist(), wanted.tolist()],
    )
    np.testing.assert_allclose(lab, rgb_to_lab(rgb), atol=1e-6)
    np.testing.assert_allclose(shown, lab_to_rgb(wanted), atol=0.004)
    chroma = np.hypot(wanted[:, 1], wanted[:, 2])
    np.testing.assert_allclose(np.array(scale) * chroma, gamut_scale(wanted)[:, 0] * chroma, atol=0.15)


def test_a_colour_keeps_its_ab_through_its_hex_at_its_lightness(open_page: Any) -> None:
    page = open_page()
    back = page.evaluate(
        """async () => {
          const { colorAb, colorAt } = await import(new URL("static/js/color.js", document.baseURI));
          return [[50, [20, 30]], [70, [-30, 25]], [40, [15, -40]]].map(([L, ab]) => colorAb(colorAt(L, ab)));
        }"""
    )
    np.testing.assert_allclose(back, [[20, 30], [-30, 25], [15, -40]], atol=0.6)
