"""The colours of a kept photo, as the option `palette` takes them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import PIL.Image
import pytest

from photochrom import palette_of


def test_a_kept_photos_colours_are_what_the_option_takes(service: Any, photo: bytes) -> None:
    pixels = np.zeros((30, 40, 3), np.uint8)
    pixels[:, :10], pixels[:, 10:] = (180, 60, 50), (40, 90, 190)
    file = BytesIO()
    PIL.Image.fromarray(pixels).save(file, "PNG")
    reference = service.send(file.getvalue(), "painting.png")
    answer = service.client.get(f"/v1/photos/{reference}/palette", params={"colors": 8})
    assert answer.status_code == 200
    palette = [tuple(color) for color in answer.json()["palette"]]
    assert palette == list(palette_of(pixels, 8))
    assert len(service.client.get(f"/v1/photos/{reference}/palette").json()["palette"]) == 16

    kept = service.send(photo)
    results = []
    for options in ({}, {"palette": palette, "palette_strength": 0}, {"palette": palette}):
        result = service.client.post(f"/v1/photos/{kept}/colorize", json=options)
        assert result.status_code == 200
        results.append(np.asarray(PIL.Image.open(BytesIO(result.content))))
    assert np.array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


def test_a_photo_without_colours_has_no_palette(service: Any, photo: bytes) -> None:
    answer = service.client.get(f"/v1/photos/{service.send(photo, 'grey.png')}/palette")
    assert answer.status_code == 415
    assert answer.json()["detail"] == "grey.png: has no colours to take; give a colour photo as the reference"


@pytest.mark.parametrize("colors", [0, 257, "many"])
def test_a_palette_has_a_sensible_size(service: Any, photo: bytes, colors: object) -> None:
    answer = service.client.get(f"/v1/photos/{service.send(photo)}/palette", params={"colors": colors})
    assert answer.status_code == 422
