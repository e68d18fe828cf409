"""The OpenAPI document says what the service does: programs made from it get what they expect."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.slow
def test_schemathesis_finds_nothing(service: Any, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}/openapi.json"),
        *("--phases", "coverage,fuzzing", "--max-examples", "4", "--seed", "1"),
        # The header by which browsers say that it is the user's own doing; others are refused, as they should be.
        *("--header", "Sec-Fetch-Site: none"),
        # That a body is no photo, or a photo no longer there, no schema can say.
        *("--exclude-checks", "positive_data_acceptance"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
