"""The OpenAPI document says what the service does: programs made from it get what they expect."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CONFIGURATION = """
[checks]
# Its own list, and 412, by which the tus protocol refuses another version of it.
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 415, 422, 428, 429, "5xx"]
"""


@pytest.mark.slow
def test_schemathesis_finds_nothing(service: Any, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}/openapi.json"),
        *("--phases", "fuzzing", "--max-examples", "6", "--seed", "1"),
        # The header by which browsers say that it is the user's own doing; others are refused, as they should be.
        *("--header", "Sec-Fetch-Site: none"),
        # That a body is no photo, or a photo no longer there, no schema can say.
        *("--exclude-checks", "positive_data_acceptance"),
    ]
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    hooks = {"SCHEMATHESIS_HOOKS": "schemathesis_hooks"}
    places = {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])}
    environment = {**os.environ, **hooks, **places}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
