"""``photochrom colorize --engine ray``: what of it is its own, as arguments and as a run."""

from __future__ import annotations

import argparse

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from photochrom.batch.cluster.run import ClusterPlan
    from photochrom.cli.colorize import Show
    from photochrom.options import Options
    from photochrom.workers.engine import EngineSetup

__all__ = ["add_engine", "check_engine", "run_on_cluster"]


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say where a folder's photos are colorized."""
    add = parser.add_argument_group("many machines").add_argument
    add(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="ray: on a cluster; then PATH and OUT may be URLs, such as s3://bucket/album",
    )
    add("--ray-address", metavar="ADDRESS", help="of the cluster (default: RAY_ADDRESS, or this machine alone)")
    add("--workers-per-gpu", metavar="N", type=int, help="workers that share a GPU")
    add("--plan", action="store_true", help="count and weigh what would be done, and end")
    add("--retry-failed", action="store_true", help="try photos again that failed before")
    add("--to-shards", metavar="N", type=int, help="write results into WebDataset shards of N photos")


def check_engine(args: argparse.Namespace) -> None:
    """Refuse a call whose options belong to the other engine.

    Raises:
        UsageError: if they do.
    """
    from pathlib import Path

    from photochrom.cli.usage import is_named_as_photo, refuse
    from photochrom.io.address import is_url, without_secrets

    if args.engine == "local":
        for name in ("ray_address", "workers_per_gpu", "plan", "retry_failed", "to_shards"):
            if getattr(args, name):
                refuse(None, f"--{name.replace('_', '-')} is of --engine ray", "add --engine ray, or leave it out")
        for place in [*args.paths, args.output or ""]:
            if is_url(place):
                shown = without_secrets(place)
                refuse(shown, "is a URL, and --engine local reads and writes disks", "add --engine ray")
        return
    local = "server", "watch", "sheet", "consistent", "like", "alternatives", "confidence", "suggest", "hints_file"
    for name in local:
        if getattr(args, name):
            option = "hints" if name == "hints_file" else name
            refuse(None, f"--{option} is of --engine local", "leave it out")
    if "-" in [*args.paths, args.output]:
        refuse(None, "- is a stream, and --engine ray needs folders", "name folders or URLs")
    if is_named_as_photo(args.output) and not all(Path(path).is_dir() for path in args.paths):
        refuse(args.output, "is named as one photo, and --engine ray writes a folder", "give a folder as --output")
    for name in ("workers_per_gpu", "to_shards"):
        if getattr(args, name) is not None and getattr(args, name) < 1:
            refuse(None, f"--{name.replace('_', '-')} must be 1 or more", "give such a number")


def run_on_cluster(args: argparse.Namespace, show: Show, setup: EngineSetup, options: Options) -> None:
    """Plan a call, and unless only the plan is asked for, do it.

    Raises:
        PhotochromError: as `ClusterBatch` and its methods.
    """
    from photochrom.batch.cluster.run import Cluster, ClusterBatch
    from photochrom.cli.folder_arguments import read_rules
    from photochrom.workers.ray_cluster import check_address

    if not args.plan:  # which may take hours, and needs no cluster
        check_address(args.ray_address)
    batch = ClusterBatch(
        args.output,
        setup,
        options,
        cluster=Cluster(args.ray_address, args.jobs, args.workers_per_gpu),
        overwrite=args.overwrite,
        skip_colored=args.skip_colored,
        retry_failed=args.retry_failed,
        shard_photos=args.to_shards,
    )
    with batch:
        show.report.opened(batch.network)
        plan = batch.plan(args.paths, suffix=args.format, rules=read_rules(args))
        for note in plan.notes:
            show.note(note)
        show.report.expect(len(plan.photos) + len(plan.settled))
        if args.plan:
            for result in plan.results():
                show.result(result)
            lines = plan_lines(plan, batch.seconds_each())
            show.report.notes += lines
            show.last += lines
            return
        show.screen.count("Colorizing", len(plan.photos) + len(plan.settled))
        results = batch.run(plan)
        try:
            for result in results:
                show.result(result)
        finally:
            results.close()
        show.screen.stop_counting()


def plan_lines(plan: ClusterPlan, seconds: float | None) -> list[str]:
    """Say what a plan comes to.

    Args:
        plan: of the call.
        seconds: that a photo took before, with such results; None where none was made yet.
    """
    lines = [f"{len(plan.photos):,} photos to colorize, {_weight(plan.total)} to read"]
    lines += [f"{count:,} {reason}" for reason, count in sorted(plan.skipped.items())]
    if plan.failed:
        lines.append(f"{plan.failed:,} that cannot be read")
    if seconds is None:
        lines.append("no estimate: no photo was made there yet; colorize a hundred first")
    else:
        hours = seconds * len(plan.photos) / 3600
        lines.append(f"{hours:,.1f} hours of one worker, by the {seconds:.2f} s that a photo took there before")
    return lines


def _weight(size: int) -> str:
    return f"{size:,} bytes" if size < 1e6 else f"{size / 1e9:,.3f} GB"
