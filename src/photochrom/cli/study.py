"""`photochrom study`: the article's whole ladder of trainings, and a report beside it."""

from __future__ import annotations

import argparse
import sys

from photochrom.cli.shared_arguments import add_data, add_device, parse_pairs, read_seconds

TYPE_CHECKING = False  # typing's own costs a third of the time that --help takes
if TYPE_CHECKING:
    from photochrom.cli.parser import Parser

__all__ = ["add_parser", "run"]


def add_parser(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "study",
        help="run the article's experiments again and report on its findings",
        description="Six networks at three learning rates on few photos, then the final network on many. "
        "What is done already is not done again, so a study that was stopped goes on with the same command. "
        "Several machines can share one: give each some of the learning rates and --pack, and unpack all on one.",
    )
    add_data(parser)
    parser.add_argument("--output", required=True, metavar="STUDY", help="the study's folder")
    parser.add_argument(
        "--networks", type=_names, metavar="A,B", help="only these (default: article-1 to article-6)"
    )
    parser.add_argument(
        "--learning-rates",
        type=_rates,
        metavar="X,Y",
        help="only these (default: 0.001,0.01,0.0001, in this order)",
    )
    parser.add_argument("--epochs", type=int, help="of the runs on the dev set (default: 200)")
    parser.add_argument("--photos", type=int, help="in the dev set (default: 200)")
    parser.add_argument("--test-photos", type=int, help="to test every run on, at most (default: 200)")
    parser.add_argument("--size", type=int, help="side of the photos in pixels (default: 400)")
    parser.add_argument("--final-epochs", type=int, help="of the final run (default: 300)")
    parser.add_argument("--final-photos", type=int, help="of the final run (default: 2000)")
    parser.add_argument("--no-final", action="store_true", help="leave the final run out")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE",
        help="change another value of every run's recipe; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--within", type=read_seconds, metavar="TIME",
        help="do what a time such as 9m holds, report included, and stop; the next call goes on",
    )  # fmt: skip
    parser.add_argument(
        "--unpack", action="append", default=[], metavar="FILE",
        help="take the runs of a pack into STUDY; of the same run the one that goes further stays; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--pack", metavar="FILE",
        help="write the runs, as small as they can be, to FILE, and what is beyond 15 MiB to FILE.02, FILE.03 …",
    )  # fmt: skip
    parser.add_argument(
        "--no-training", action="store_true", help="train nothing: unpack, report and pack what is there"
    )
    parser.add_argument(
        "--no-photos", action="store_true", help="keep photos and their names out of the report and its figures"
    )
    add_device(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; a stop by Ctrl-C or SIGTERM gives 128 plus the signal's number, as shells do."""
    from photochrom.study import plan_study, run_study
    from photochrom.study.article import ARTICLE_NETWORKS, LEARNING_RATES

    plan = plan_study(
        networks=args.networks or ARTICLE_NETWORKS,
        learning_rates=args.learning_rates or LEARNING_RATES,
        epochs=args.epochs,
        photos=args.photos,
        test_photos=args.test_photos,
        size=args.size,
        final=not args.no_final,
        final_epochs=args.final_epochs,
        final_photos=args.final_photos,
        changes=parse_pairs(args.set),
    )
    result = run_study(
        plan,
        args.data,
        args.output,
        device=args.device,
        training=not args.no_training,
        within=args.within,
        unpack=args.unpack,
        pack=args.pack,
        photographs=not args.no_photos,
        progress=not args.quiet,
        say=lambda line: None if args.quiet else print(line, file=sys.stderr),
    )
    for path in [result.report, *result.packed]:
        if path is not None:
            print(path)
    return 0 if result.report is not None else 128 + result.stopped_by


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _rates(text: str) -> list[float]:
    try:
        return [float(rate) for rate in _names(text)]
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers such as 0.01,0.001") from error
