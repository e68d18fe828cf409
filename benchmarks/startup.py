"""`photochrom --help` against a Python that does nothing.

    python benchmarks/startup.py

Prints the ratio; the bar is 4x. Fails if torch or onnxruntime is imported.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from _timing import take_turns

PROGRAM = Path(sys.executable).with_name("photochrom")
CHECK = """
import sys
from photochrom.cli.main import main
try:
    main(["--help"])
except SystemExit:
    pass
sys.exit(", ".join(m for m in ("torch", "onnxruntime", "numpy", "pyvips") if m in sys.modules) or 0)
"""


def main() -> None:
    check = subprocess.run([sys.executable, "-c", CHECK], capture_output=True, text=True, check=False)
    if check.returncode:
        sys.exit(f"--help imports {check.stderr.strip()}")
    quiet = {"stdout": subprocess.DEVNULL, "check": True}
    seconds = take_turns(
        {
            "python -c pass": lambda: subprocess.run([sys.executable, "-c", "pass"], **quiet),
            "photochrom --help": lambda: subprocess.run([str(PROGRAM), "--help"], **quiet),
        },
        rounds=21,
    )
    for name, taken in seconds.items():
        print(f"{name:<18} {taken * 1000:6.1f} ms   {taken / seconds['python -c pass']:5.2f}x")


if __name__ == "__main__":
    main()
