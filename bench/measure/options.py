"""What the command lines of all comparisons have in common."""
import argparse
import os
import pathlib
import shutil

from .refusal import Refusal

_ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def parser_of(name, description, peers, figures):
    """`peers`, `figures`: the names of all that there are."""
    parser = argparse.ArgumentParser(prog=name, description=description,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", metavar="TOOL,...", default=",".join(peers),
                        help=f"whom to compare with ({','.join(peers)}); '' for nobody")
    parser.add_argument("--only", nargs="+", metavar="FIGURE", default=[],
                        help=f"these figures: {', '.join(figures)}")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter runs")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="write every single figure there")
    parser.add_argument("--build", type=pathlib.Path, default=_ROOT / "build" / "release",
                        metavar="DIR", help="where dns-monitor and bench/ were built")
    parser.add_argument("--dir", type=pathlib.Path, default=pathlib.Path.cwd(), metavar="DIR",
                        help="the captures' file system (the current directory)")
    return parser


def parse(parser, arguments, peers, figures):
    options = parser.parse_args(arguments)
    options.peers = [name for name in options.peers.split(",") if name]
    _refuse_unknown("peer", options.peers, peers)
    _refuse_unknown("figure", options.only, figures)
    options.only = [name for name in figures if name in options.only or not options.only]
    options.build, options.dir = options.build.absolute(), options.dir.absolute()
    return options


def _refuse_unknown(what, names, known):
    for name in names:
        if name not in known:
            raise Refusal(f"unknown {what} '{name}': there are {', '.join(known)}")


def check_programs(paths):
    """Of ours: raises Refusal for one that is not built."""
    for path in paths:
        if not os.access(path, os.X_OK):
            raise Refusal(f"no {path}: cmake --preset release && "
                          "cmake --build --preset release, or --build DIR")


def check_directory(path, free_bytes):
    if not path.is_dir():
        raise Refusal(f"no directory {path}")
    free = shutil.disk_usage(path).free
    if free < free_bytes:
        raise Refusal(f"{path} has {free >> 20} MiB free, and needs {free_bytes >> 20}")


def check_writable(*files):
    """Those that are None are not wanted."""
    for file in filter(None, files):
        if not os.access(file.absolute().parent, os.W_OK) or file.is_dir():
            raise Refusal(f"cannot write {file}")
