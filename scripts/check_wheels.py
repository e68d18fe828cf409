"""Does the base install come as wheels, for each system and each Python?

    python scripts/check_wheels.py [--python 3.13 3.14] [--extra serve]

Asks pip to resolve the dependencies of pyproject.toml for systems other than this one, and prints a line for each.
Ends with 1 if one of them has no wheels. pyvips is published as pure Python source, which pip installs anywhere
without a compiler: for it the check takes its one dependency, cffi.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SYSTEMS = {
    "Linux x86-64": [f"manylinux_2_{minor}_x86_64" for minor in (17, 27, 28)] + ["manylinux2014_x86_64"],
    "macOS arm64": ["macosx_11_0_arm64", "macosx_14_0_arm64"],
    "Windows x86-64": ["win_amd64"],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", nargs="+", default=declared_pythons(), metavar="VERSION", help="such as 3.14")
    parser.add_argument("--extra", nargs="+", default=[], metavar="NAME", help="also what these extras ask for")
    args = parser.parse_args()
    missing = 0
    for version in args.python:
        for system, platforms in SYSTEMS.items():
            problem = resolve(needed(args.extra), version, platforms)
            missing += bool(problem)
            print(f"Python {version}  {system:<15} {problem or 'wheels for all'}", flush=True)
    return int(missing > 0)


def declared_pythons() -> list[str]:
    """The versions that the classifiers name."""
    return [match[1] for line in PROJECT["classifiers"] if (match := re.search(r":: Python :: (3\.\d+)$", line))]


def needed(extras: list[str]) -> list[str]:
    listed = [
        *PROJECT["dependencies"],
        *(line for extra in extras for line in PROJECT["optional-dependencies"][extra]),
    ]
    return ["cffi" if re.match(r"pyvips\b(?!-)", line) else line for line in listed]


def resolve(requirements: list[str], version: str, platforms: list[str]) -> str:
    """Return what pip misses, or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed"]
        command += ["--only-binary=:all:", "--target", folder, "--python-version", version]
        command += [word for platform in platforms for word in ("--platform", platform)]
        done = subprocess.run([*command, *requirements], capture_output=True, text=True, check=False)
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
    return "" if done.returncode == 0 else "; ".join(errors).replace("ERROR: ", "") or done.stderr.strip()


if __name__ == "__main__":
    sys.exit(main())
