"""What bodies, answers and parameters may look like: the examples of the OpenAPI document."""

from __future__ import annotations

from typing import Any

__all__ = ["PARAMETERS", "SCHEMAS"]

_ID = "VUo5c0rCwrXGv2JNGSmGVA"
_HINT = {"x": 0.3, "y": 0.6, "color": "#7a2030"}
_REGION = {"area": [[0.1, 0.1], [0.4, 0.1], [0.2, 0.5]]}
_NETWORK: dict[str, Any] = {
    "name": "photochrom-1",
    "version": "1",
    "description": "Listens to colour points, and says how sure it is.",
    "license": "MIT",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "inputs": ["lightness", "hints", "vividness"],
    "outputs": ["ab", "confidence", "distribution"],
    "input_size": 256,
    "parameters": 12_000_000,
    "training": {"photos": 100_000},
    "scores": {"psnr": 24.1},
}

SCHEMAS: dict[str, dict[str, Any]] = {
    "AlikeRequest": {"like": [{"id": _ID}]},
    "AlikeSource": {"id": _ID, "own_colors": True},
    "AlternativesRequest": {"n": 4, "options": {"vividness": 0.8}},
    "CandidateColors": {
        "lightness": 41.5,
        "current": "#8a6f5c",
        "suggestions": ["#7a2030"],
        "suggestions_ab": [[38.5, 17.2]],
    },
    "CandidatesRequest": {"x": 0.3, "y": 0.6},
    "ColorizeOptions": {"vividness": 0.8, "hints": [_HINT], "format": "jpg"},
    "ConfidenceRequest": {"long_edge": 800},
    "Hint": _HINT,
    "HintEffectRequest": {"hint": 0, "options": {"hints": [_HINT]}},
    "HintSet": {"hints": [_HINT]},
    "HintSets": {"alternatives": [{"hints": []}, {"hints": [_HINT]}]},
    "Limits": {
        "upload_bytes": 268_435_456,
        "pixels": 250_000_000,
        "keep_seconds": 3600.0,
        "photos": 1000,
        "token_required": False,
    },
    "NetworkInfo": _NETWORK,
    "Networks": {"default": "photochrom-1", "networks": [_NETWORK]},
    "PaletteColors": {"palette": [[38.5, 17.2], [-3.1, -21.4]]},
    "Photo": {
        "id": _ID,
        "name": "grandmother.jpg",
        "width": 2400,
        "height": 3200,
        "bits": 8,
        "format": "jpg",
        "is_grey": True,
        "expires_at": "2026-01-31T12:00:00Z",
        "notes": [],
    },
    "Problem": {
        "type": "about:blank",
        "title": "Unsupported Media Type",
        "status": 415,
        "detail": "letter.jpg: is no photo that photochrom can read; save it as PNG or JPEG",
        "code": "photo-unreadable",
        "subject": "letter.jpg",
        "problem": "is no photo that photochrom can read",
        "remedy": "save it as PNG or JPEG",
    },
    "Region": _REGION,
    "SuggestionsRequest": {"n": 5},
    "TakenHints": {"hints": [_HINT], "places": [1]},
    "ZipItem": {"id": _ID, "name": "grandmother", "options": {"format": "jpg"}},
    "ZipRequest": {"items": [{"id": _ID, "options": {"format": "jpg"}}]},
}
"""By the schema's name; each has one."""

PARAMETERS: dict[str, Any] = {
    "photo_id": _ID,
    "name": "grandmother.jpg",
    "Tus-Resumable": "1.0.0",
    "Upload-Length": 12_000_000,
    "Upload-Metadata": "filename Z3JhbmRtb3RoZXIuanBn",
    "Upload-Offset": 1_000_000,
    "Upload-Checksum": "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
    "vividness": 0.8,
    "hints": [_HINT],
    "reach": 0.3,
    "protected": [_REGION],
    "palette": ["#7a2030", "#2f4a86"],
    "palette_strength": 0.7,
    "colors": 16,
    "saturation": 1.2,
    "long_edge": 1600,
    "side_by_side": True,
    "negative": True,
    "quality": 90,
    "pages": "all",
    "mark": False,
    "network": "photochrom-1",
    "format": "png",
}
"""By the parameter's name; each has one."""
