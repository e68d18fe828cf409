"""A photo takes over another one's colours, through the service."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from server_checks import check_problem
from two_views import grey_of, painted, two_views

USUAL = {"network": "photochrom-1"}


def png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def served(start_module: Any) -> Any:
    return start_module("--network", "photochrom-1")


def test_what_is_taken_over_are_hints_for_the_options(served: Any) -> None:
    one, other, stranger = (served.send(png(each)) for each in (*two_views(), grey_of("coffee.jpg")))
    hint = {"x": 0.5, "y": 0.9, "color": [20, -50], "reach": 0.8}
    like = [{"id": stranger, "options": USUAL}, {"id": one, "options": {**USUAL, "hints": [hint]}}]
    answer = served.client.post(f"/v1/photos/{other}/alike", json={"like": like, "options": USUAL})
    assert answer.status_code == 200, answer.text
    taken = answer.json()
    assert taken["places"][0] == 0 < taken["places"][1]
    assert 50 < len(taken["hints"]) <= 2048
    near = [
        each["color"] for each in taken["hints"] if abs(each["x"] - 0.35) < 0.1 and abs(each["y"] - 0.9) < 0.05
    ]
    assert np.mean(near, 0)[1] < -10  # blue, as the hint has it
    options = {**USUAL, "hints": [*taken["hints"], {"x": 0.1, "y": 0.1, "color": "#ff0000"}]}
    result = served.client.post(f"/v1/photos/{other}/colorize", json=options)
    assert result.status_code == 200
    ask = {"like": [{"id": stranger, "options": USUAL}], "options": USUAL}
    assert served.client.post(f"/v1/photos/{one}/alike", json=ask).json() == {"hints": [], "places": [0]}


def test_a_photo_s_own_colours(served: Any) -> None:
    one, other = two_views()
    ids = [served.send(png(each)) for each in (painted(one), other)]
    ask = {"like": [{"id": ids[0], "own_colors": True, "options": USUAL}], "options": USUAL}
    hints = served.client.post(f"/v1/photos/{ids[1]}/alike", json=ask).json()["hints"]
    assert np.mean([hint["color"][0] for hint in hints if hint["y"] < 0.4]) > 10
    ask["like"][0]["id"] = ids[1]
    refused = served.client.post(f"/v1/photos/{ids[1]}/alike", json=ask)
    check_problem(refused, 415)
    assert refused.json()["problem"] == "has no colours to take"


def test_who_cannot_is_told(served: Any) -> None:
    photo = served.send(png(two_views()[0]))
    check_problem(served.client.post(f"/v1/photos/{photo}/alike", json={"like": [{"id": "gone"}]}), 404)
    check_problem(served.client.post(f"/v1/photos/{photo}/alike", json={"like": []}), 422)
    unable = served.client.post(f"/v1/photos/{photo}/alike", json={"like": [{"id": photo}]})
    check_problem(unable, 422)
    assert "gives no features" in unable.json()["problem"]
