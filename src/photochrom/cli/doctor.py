"""``photochrom doctor``: what a bug report needs, also where something is broken."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from photochrom.cli.parser import Parser

__all__ = ["add_parser", "run"]


def add_parser(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command and its arguments."""
    parser = subparsers.add_parser(
        "doctor",
        help="try what photochrom stands on, and print what a bug report needs",
        description="Try what photochrom stands on, and print what a bug report needs. Ends with 1 if a part is "
        "broken. It names folders of yours; nothing is sent anywhere.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def run(args: argparse.Namespace) -> int:
    """Try everything, print a line for each.

    Returns:
        0 if photochrom can colorize, 1 if something is broken.
    """
    import json

    from photochrom.cli.screen import one_line
    from photochrom.errors import reason_of

    facts: dict[str, str] = {}
    broken: dict[str, str] = {}
    for name, check in _CHECKS.items():
        try:
            facts[name] = one_line(check())
        except Exception as error:  # whatever is broken is what this command is for
            broken[name] = one_line(f"{type(error).__name__}: {reason_of(error)}")
    if args.json:
        print(json.dumps({**facts, "broken": broken}, indent=2, ensure_ascii=False))
        return int(bool(broken))
    for name in _CHECKS:
        print(f"{name:<14}{facts.get(name) or 'BROKEN: ' + broken[name]}")
    if broken:
        print(f"\nbroken: {', '.join(broken)}; try  pip install --force-reinstall photochrom")
    return int(bool(broken))


def _photochrom() -> str:
    from pathlib import Path

    import photochrom

    return f"{photochrom.__version__} in {Path(photochrom.__file__).parent}"


def _python() -> str:
    import platform
    import sys

    return f"{platform.python_version()} ({platform.python_implementation()}), {sys.executable}"


def _system() -> str:
    import platform

    return platform.platform()


def _cores() -> str:
    import os

    from photochrom.threads import usable_cores

    return f"{usable_cores()} to be used, of {os.cpu_count()}"


def _memory() -> str:
    from photochrom.io.checks import usable_memory

    return f"{usable_memory() / 1e9:.1f} GB to reckon with"


def _onnxruntime() -> str:
    import os

    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # or importing it writes an identifier to the home folder
    import onnxruntime

    return f"{onnxruntime.__version__}: {', '.join(onnxruntime.get_available_providers())}"


def _libvips() -> str:
    from photochrom.io.vips import libvips

    vips = libvips()
    version = ".".join(str(vips.version(part)) for part in range(3))
    return (
        f"{version}, by pyvips {vips.__version__}; pyvips-binary {_version_of('pyvips-binary') or 'not installed'}"
    )


def _packages() -> str:
    names = ("numpy", "pillow", "pi-heif", "rawpy", "imagecodecs", "tifffile", "pydantic", "rich", "torch")
    return ", ".join(f"{name} {version}" for name in names if (version := _version_of(name)))


def _formats() -> str:
    """Write and read a small picture of each kind that is written, and say what else is read here."""
    import tempfile
    from pathlib import Path

    from photochrom.errors import reason_of
    from photochrom.io.formats import FORMATS

    written, bad = [], {}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for format in FORMATS:
            if format.options is None:
                continue
            try:
                _try_format(Path(folder, f"photo{format.suffix}"))
                written.append(format.suffix[1:])
            except Exception as error:
                bad[format.suffix[1:]] = reason_of(error)
    if bad:
        raise RuntimeError("; ".join(f"{kind} fails ({reason})" for kind, reason in bad.items()))
    read = [format.suffix[1:] for format in FORMATS if format.options is None and _has_decoder(format.suffix)]
    missing = [format.suffix[1:] for format in FORMATS if not _has_decoder(format.suffix)]
    lacking = f'; not {" ".join(missing)}, which  pip install "photochrom[formats]"  brings' if missing else ""
    return f"reads and writes {' '.join(written)}; reads {' '.join(read)}{lacking}"


def _try_format(path: Path) -> None:
    import numpy as np

    from photochrom.io.picture import Picture

    Picture.read(Picture.from_array(np.full((16, 16, 3), 128, np.uint8)).save(path))


def _has_decoder(suffix: str) -> bool:
    """Say whether what decodes a kind is installed."""
    from photochrom.io.formats import FORMATS, RAW

    format = next(format for format in FORMATS if suffix in format.suffixes)
    package = (
        "imagecodecs" if format.extra else "rawpy" if suffix in RAW else "pi-heif" if suffix == ".heic" else ""
    )
    return not package or _version_of(package) is not None


def _networks() -> str:
    """Run the default network, so that its file and ONNX Runtime are known to work."""
    import numpy as np

    from photochrom.inference.catalogue import DEFAULT_NETWORK
    from photochrom.inference.onnx_model import Network, list_networks

    network = Network(DEFAULT_NETWORK)
    network.run(np.full((1, 1, 32, 32), 50, np.float32))
    names = ", ".join(f"{card.name} (version {card.version})" for card in list_networks())
    return f"{names}; {DEFAULT_NETWORK} runs on {network.device}"


def _extras() -> str:
    """Say which extras are whole, by what this installation's own metadata ask for."""
    import re
    from importlib.metadata import PackageNotFoundError, requires

    try:
        listed = requires("photochrom") or []
    except PackageNotFoundError:
        return "unknown: photochrom runs from a folder and is not installed"
    missing: dict[str, list[str]] = {}
    for line in listed:
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", line)
        package = re.match(r"[\w.-]+", line)
        if extra is None or package is None or extra[1] == "dev":
            continue
        missing.setdefault(extra[1], [])
        if _version_of(package[0]) is None:
            missing[extra[1]].append(package[0])
    return "; ".join(
        f"{extra} lacks {', '.join(packages)}" if packages else f"{extra} installed"
        for extra, packages in missing.items()
    )


def _cache() -> str:
    from photochrom.cache_folder import cache_folder

    home = cache_folder("networks").parent
    if not home.is_dir():
        return f"{home} (not there; made for networks and shards that are fetched)"
    sizes = {
        folder.name: sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        for folder in sorted(home.iterdir())
        if folder.is_dir()
    }
    held = ", ".join(f"{name} {size / 1e9:.1f} GB" for name, size in sizes.items())
    return f"{home} ({held or 'empty'})"


def _temporary_files() -> str:
    import shutil
    import tempfile

    folder = tempfile.gettempdir()
    return f"{folder} ({shutil.disk_usage(folder).free / 1e9:.1f} GB free)"


def _version_of(package: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return None


_CHECKS: dict[str, Callable[[], str]] = {
    "photochrom": _photochrom,
    "Python": _python,
    "system": _system,
    "cores": _cores,
    "memory": _memory,
    "ONNX Runtime": _onnxruntime,
    "libvips": _libvips,
    "packages": _packages,
    "formats": _formats,
    "networks": _networks,
    "extras": _extras,
    "cache": _cache,
    "temporary": _temporary_files,
}
