"""``photochrom serve``: the web page and the REST service."""

from __future__ import annotations

import argparse

from photochrom.cli.pulling import pull_missing
from photochrom.cli.shared_arguments import add_accelerator, read_bytes, read_seconds

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from photochrom.cli.parser import Parser
    from photochrom.server.settings import Settings

__all__ = ["add_parser", "run"]


def add_parser(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command and its arguments."""
    parser = subparsers.add_parser(
        "serve",
        help="serve a web page and a REST service",
        description="Serve a page on which photos are colorized, and the same for programs (docs/serving.md).",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", metavar="ADDRESS", help="to listen on (default: 127.0.0.1, this computer)")
    add("--port", type=int, default=8000, metavar="N", help="to listen on (default: 8000; 0 for any that is free)")
    add("--token-file", metavar="FILE", help="ask for one of the tokens in this file, one a line")
    add(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name by which a proxy calls the service; again for more",
    )
    add("--root-path", type=_root_path, default="", metavar="/PATH", help="below which a proxy has the service")
    add(
        "--network",
        action="append",
        default=[],
        metavar="NETWORK",
        help="name, .onnx file, or two as A+B, to offer; the default first; again for more (default: all bundled)",
    )
    add_accelerator(parser)
    add("--workers", type=_count, metavar="N", help="processes that colorize (default: fits the cores)")
    add("--threads", type=_count, metavar="N", help="of each worker (default: fits the cores)")
    limits = parser.add_argument_group("limits").add_argument
    limits("--max-upload", type=read_bytes, metavar="SIZE", help="of a photo's file (default: 256M)")
    limits("--max-pixels", type=_count, metavar="N", help="of a photo (default: 250000000)")
    limits("--keep", type=read_seconds, metavar="TIME", help="photos after their last use (default: 1h)")
    limits("--max-photos", type=_count, metavar="N", help="that are kept (default: 1000)")
    limits("--queue", type=_count, metavar="N", help="requests that may wait for a worker (default: 64)")
    limits("--timeout", type=read_seconds, metavar="TIME", help="of a request (default: 2m)")
    limits("--spool", metavar="FOLDER", help="where uploads are kept (default: the system's temporary folder)")
    limits("--max-spool", type=read_bytes, metavar="SIZE", help="of all uploads and results (default: 4G)")


def run(args: argparse.Namespace) -> int:
    """Serve until a signal ends it."""
    from photochrom.errors import require_extra

    with require_extra("serve", "Serving"):
        from photochrom.server.run import serve

        pull_missing(args.network)
        return serve(_settings(args))


def _settings(args: argparse.Namespace) -> Settings:
    from pathlib import Path

    from photochrom.inference.catalogue import DEFAULT_NETWORK, bundled_networks
    from photochrom.server.settings import Settings, read_tokens, share_cores

    workers, threads = share_cores(args.workers, args.threads)
    bundled = sorted(bundled_networks(), key=lambda name: name != DEFAULT_NETWORK)
    limits = {
        "upload_bytes": args.max_upload,
        "pixels": args.max_pixels,
        "keep_seconds": args.keep,
        "photos": args.max_photos,
        "queue": args.queue,
        "request_seconds": args.timeout,
        "spool_bytes": args.max_spool,
    }
    return Settings(
        host=args.host,
        port=args.port,
        root_path=args.root_path,
        allowed_hosts=tuple(args.allow_host),
        networks=tuple(args.network or bundled),
        device=args.device,
        workers=workers,
        threads=threads,
        tokens=read_tokens(Path(args.token_file)) if args.token_file else (),
        spool=Path(args.spool) if args.spool else None,
        **{name: limit for name, limit in limits.items() if limit is not None},
    )


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def _root_path(text: str) -> str:
    path = text.rstrip("/")
    if path and (not path.startswith("/") or "//" in path or not path.isascii() or set(path) & set("?#% ")):
        raise argparse.ArgumentTypeError(f"{text!r} is no path; write it as /photos")
    return path
