"""Installs a wheel into an environment of its own and colorizes with it: no PyTorch, no source tree, no network.

    python scripts/check_clean_wheel.py dist

Ends with an error unless `photochrom doctor` finds nothing missing and every photograph of examples/ comes out.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def main(dist: Path) -> None:
    (wheel,) = dist.resolve().glob("photochrom-*.whl")
    photos = sorted(path.name for path in EXAMPLES.iterdir() if path.suffix in (".jpg", ".png"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        venv.create(folder / "venv", with_pip=True)
        programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")

        def run(*command: str | Path) -> None:
            subprocess.run([programs / command[0], *command[1:]], cwd=folder, env=environment, check=True)

        run("python", "-m", "pip", "install", "--quiet", wheel)
        run("python", "-c", "from importlib.util import find_spec; assert find_spec('torch') is None")
        run("photochrom", "doctor")
        run("photochrom", "colorize", EXAMPLES)
        results = sorted(path.name for path in (folder / "colorized").iterdir() if path.is_file())
        if results != photos:
            sys.exit(f"examples/ holds {photos}, colorized/ {results}")
    print(f"{wheel.name}: colorized {len(results)} photographs")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
