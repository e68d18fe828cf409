"""``photochrom colorize``: photos and folders of photos in, colour photos out."""

from __future__ import annotations

import argparse
import sys

from photochrom.cli.cluster_arguments import add_engine, check_engine, run_on_cluster
from photochrom.cli.folder_arguments import add_folder_options, read_rules
from photochrom.cli.pulling import pull_missing
from photochrom.cli.result_arguments import add_extras, add_limits, add_options, read_options
from photochrom.cli.screen import Screen, one_line
from photochrom.cli.usage import check_usage, default_output, is_single

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from photochrom.batch.plan import Plan, PlanItem
    from photochrom.batch.report import Report
    from photochrom.batch.run import Batch, Result
    from photochrom.cli.parser import Parser
    from photochrom.workers.engine import EngineSetup

__all__ = ["Show", "add_parser", "run"]

_API_KEY = "PHOTOCHROM_API_KEY"
_IN_FLIGHT = 4  # photos that a service gets at a time
_MANY = 8  # photos from which on starting processes is worth its second


def add_parser(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command and its arguments."""
    parser = subparsers.add_parser(
        "colorize",
        help="colorize photos and folders of photos",
        description="Colorize photos. Folders are searched at any depth, and the output folder mirrors them. "
        "What was done before is left alone, so a call that was stopped goes on where it was.",
        examples=(
            "photochrom colorize portrait.jpg                      into colorized/portrait.jpg",
            "photochrom colorize portrait.jpg -o colour.png        into a file, of another format if you like",
            "photochrom colorize album/ -o results --sheet         a folder, and pages to look through",
            "photochrom colorize album/ --vividness 0.8            more vivid",
            "photochrom colorize album/ --consistent               the same things in the same colours",
            "photochrom colorize album/ --server http://host:8000  by a service; PHOTOCHROM_API_KEY has its token",
            "photochrom colorize - < portrait.jpg > colour.jpg     as part of a pipe",
        ),
    )
    add = parser.add_argument
    add("paths", nargs="+", metavar="PATH", help="photos, or folders of photos; - for standard input")
    add(
        "-o",
        "--output",
        metavar="OUT",
        help="folder for the results, made if missing; or for one photo, a file (default: colorized)",
    )
    add("-n", "--network", metavar="NETWORK", help="name, .onnx file, or two as A+B (default: photochrom-1)")
    add("--server", metavar="URL", help="have a service do it, such as http://127.0.0.1:8000 (docs/serving.md)")
    add("--network-size", metavar="N", type=int, help="side of the square whose area the network sees")
    add("--overwrite", action="store_true", help="do all again, and replace files that photochrom did not make")
    add("--skip-colored", action="store_true", help="leave photos alone that have colours already")
    add("--watch", action="store_true", help="keep colorizing what arrives, until Ctrl-C")
    add("--consistent", action="store_true", help="make photos of the same things alike")
    add(
        "--like",
        nargs="+",
        action="extend",
        default=[],
        metavar="PHOTO",
        help="make them alike to these colour photos",
    )
    add("--sheet", action="store_true", help="also write OUT/sheet.jpg: every photo before and after")
    add_options(parser)
    add_folder_options(parser)
    add_extras(parser)
    add_limits(parser)
    add_engine(parser)

    add = parser.add_argument_group("output").add_argument
    add("--report", metavar="FILE.json", help="write what became of each photo, and why")
    add("--json", action="store_true", help="print the same on standard output, and nothing else")
    add("-q", "--quiet", action="store_true", help="print errors only")


def run(args: argparse.Namespace) -> int:
    """Colorize everything.

    Returns:
        0 if all is well, 1 if anything failed, 128 and the signal's number if it was stopped.

    Raises:
        PhotochromError: before any work, if two photos would become one file, the network cannot be opened, or
            the report cannot be written.
    """
    from pathlib import Path

    from photochrom.batch.report import Report, check_report_file
    from photochrom.errors import PhotochromError
    from photochrom.stopping import Stopped, leave, stoppable

    check_engine(args)
    by_default = default_output(args)
    cluster = args.engine == "ray"
    single = not cluster and is_single(args)
    if not cluster:
        check_usage(args, single=single)
    if args.server is None:
        pull_missing([args.network], quiet=args.quiet)
    if args.report:
        check_report_file(Path(args.report))
    report, stopped = Report(rows=bool(args.report or args.json)), None
    with stoppable(), Screen(quiet=args.quiet) as screen:
        show = Show(report, screen, each=args.watch and not (args.quiet or args.json))
        try:
            if cluster:
                run_on_cluster(args, show, _setup(args, _cores()), read_options(args))
            else:
                (_run_single if single else _run_batch)(args, show)
        except Stopped as stop:
            stopped = stop.code
    report.finish(stopped=stopped is not None)
    if args.report:
        try:
            report.write_file(Path(args.report))
        except PhotochromError as error:
            show.problem(str(error))
    if args.json:
        report.write(sys.stdout.buffer)
    elif not (args.quiet or (single and args.output in (None, "-"))):
        if not args.plan:
            print(report.line() + (_how_to_go_on(args, single=single) if stopped else ""))
        for line in show.last:
            print(line)
        if by_default and (report.done or report.skipped):
            print(f"results: {one_line(by_default)}  (-o OUT puts them elsewhere)")
    code = int(bool(report.failed or show.problems))
    if stopped:
        leave(code if args.watch else stopped)
    return code


class Show:
    """Tells the user and the report what becomes of photos.

    Args:
        report: counts them.
        screen: shows what goes wrong.
        each: print the name of each result, for who waits and sees no bar.
    """

    def __init__(self, report: Report, screen: Screen, *, each: bool) -> None:
        self.report, self.screen, self.each = report, screen, each
        self.problems = 0
        self.last: list[str] = []

    def expect(self, plan: Plan) -> None:
        """Take note that a plan's photos are to come."""
        self.report.expect(len(plan.items) + len(plan.unread))

    def result(self, result: Result) -> None:
        """Take what became of a photo."""
        self.report.add(result)
        if result.state == "failed":
            self.screen.error(result.reason)
        elif result.state == "done":
            for warning in result.warnings:
                self.screen.note(warning)
            if self.each:
                print(one_line(str(result.target)), flush=True)
        self.screen.step()

    def note(self, line: str) -> None:
        """Say what the user should know that is of no photo."""
        self.report.notes.append(line)
        self.screen.note(line)

    def problem(self, line: str) -> None:
        """Say what went wrong that is no photo's fault."""
        self.problems += 1
        self.screen.error(line)


def _run_batch(args: argparse.Namespace, show: Show) -> None:
    from pathlib import Path

    from photochrom.batch.plan import make_plan, refuse_collisions
    from photochrom.batch.run import Batch
    from photochrom.batch.watch import watch
    from photochrom.io.contact_sheet import sheet_pages

    output, rules = Path(args.output), read_rules(args)

    def look() -> Plan:
        paths = [Path(path) for path in args.paths]
        return make_plan(paths, output, suffix=args.format, empty=args.watch, rules=rules)

    plan = look()
    pages = sheet_pages(output / "sheet.jpg", len(plan.items)) if args.sheet else []
    refuse_collisions(plan.items, pages)
    workers = args.jobs or _workers(args, len(plan.items))
    if not args.watch:
        show.expect(plan)
    setup, options = _setup(args, workers), read_options(args)
    like = [Path(path) for path in args.like]
    ways = {"workers": workers, "overwrite": args.overwrite, "skip_colored": args.skip_colored}
    with Batch(output, setup, options, **ways, consistent=args.consistent, like=like) as batch:
        show.report.opened(batch.network)
        for part in watch(look) if args.watch else [plan]:
            if args.watch:
                show.expect(part)
            there = _run_plan(part, batch, show, count=not args.watch)
        if pages:
            _draw_sheet([item for item in plan.items if str(item.target) in there], pages, batch, show, args)


def _run_plan(plan: Plan, batch: Batch, show: Show, *, count: bool) -> set[str | None]:
    """Do a plan's work, and return which results are there; a file of that name may be something else."""
    from photochrom.batch.manifest import CHANGED, DONE
    from photochrom.batch.run import Result

    for note in [*plan.notes, *plan.left_out]:
        show.note(note)
    for error in plan.unread:
        show.result(Result.failed(error.subject or "", None, error))
    if count:  # of an album, all photos are seen first, and then made alike
        show.screen.count("Colorizing", len(plan.items) * (2 if batch.consistent else 1))
    there = set()
    for result in batch.run(plan.items, show.screen.step):
        show.result(result)
        if result.state == "done" or result.reason in (DONE, CHANGED):
            there.add(result.target)
    show.screen.stop_counting()
    return there


def _draw_sheet(
    items: Iterable[PlanItem], pages: list[Path], batch: Batch, show: Show, args: argparse.Namespace
) -> None:
    from photochrom.errors import PhotochromError, PhotoError
    from photochrom.io.contact_sheet import SheetWriter
    from photochrom.io.reader import PhotoFile
    from photochrom.options import MAX_PIXELS

    if not args.overwrite and not all(batch.may_write(page) for page in pages):
        show.last.append(f"{pages[0].name} is there and not photochrom's: left alone (--overwrite draws it again)")
        return
    sheet, most = SheetWriter(pages, batch.save_page), args.max_pixels or MAX_PIXELS
    groups = show.report.groups.numbers()
    show.screen.count("Drawing the sheet", len(pages))
    try:
        for item in items:
            try:
                before, after = (PhotoFile(path, max_pixels=most) for path in (item.source, item.target))
                number = groups.get(str(item.source))
                sheet.add(f"{item.name} (group {number})" if number else item.name, before, after)
            except PhotoError:
                pass  # its own line was printed in its turn
            show.screen.step()
        sheet.close()
    except PhotochromError as error:
        show.problem(str(error))


def _run_single(args: argparse.Namespace, show: Show) -> None:
    from pathlib import Path

    from photochrom.batch.single import Extras, colorize_single

    confidence = None if args.confidence is None else Path(args.confidence)
    show.report.expect(1)
    show.result(
        colorize_single(
            sys.stdin.buffer if args.paths == ["-"] else Path(args.paths[0]),
            sys.stdout.buffer if args.output in (None, "-") else Path(args.output),
            _setup(args, 1),
            read_options(args),
            suffix=args.format,
            overwrite=args.overwrite,
            skip_colored=args.skip_colored,
            extras=Extras(args.alternatives, confidence, args.suggest),
            opened=show.report.opened,
        )
    )


def _how_to_go_on(args: argparse.Namespace, *, single: bool) -> str:
    if args.watch:  # has no other end
        return ""
    # A photo by itself has no manifest, and --overwrite asks for all of them again.
    return " (stopped)" if single or args.overwrite else " (stopped; the same command goes on)"


def _workers(args: argparse.Namespace, photos: int) -> int:
    if args.server is not None:
        return min(_IN_FLIGHT, max(1, photos))
    return _cores() if photos >= _MANY else 1


def _setup(args: argparse.Namespace, workers: int) -> EngineSetup:
    if args.server is not None:
        return _remote_setup(args)
    from photochrom.inference.catalogue import DEFAULT_NETWORK
    from photochrom.workers.engine import EngineSetup

    return EngineSetup(
        networks=(args.network or DEFAULT_NETWORK,),
        device=args.device,
        network_size=args.network_size,
        threads=max(1, _cores() // workers),
    )


def _remote_setup(args: argparse.Namespace) -> EngineSetup:
    import os

    from photochrom.errors import require_extra

    with require_extra("client", "--server"):
        from photochrom.client.remote import RemoteSetup

    networks = (args.network,) if args.network else ()
    return RemoteSetup(networks, url=args.server, api_key=os.environ.get(_API_KEY) or None)


def _cores() -> int:
    from photochrom.threads import usable_cores

    return usable_cores()
