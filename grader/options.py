"""The options of the `grade` command: what can be asked, with help texts and examples."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import NoReturn

from grader import __version__
from grader.errors import UsageError

OVERVIEW = """\
usage: grade CHALLENGE [FOLDER] [options]    grade your files
       grade hint CHALLENGE [STEP] [--all]   show the next hint
       grade list                            show challenges, steps and how far you are
       grade data [pull|clear] [options]     show, fetch or remove texts kept for training

examples:
  grade challenge5                           grade challenges/challenge5 of this project
  grade challenge5 --only attention          one step, while you work on it
  grade challenge5 --ref my-branch           the files as they stand on a git branch
  grade challenge5 --solution                the reference solution
  grade hint challenge5                      the next hint for the first open step

`grade CHALLENGE --help` lists the options. Exit status: 0 a full pass, 1 not passed, 2 wrong usage, 3 the grader
itself failed, 130 stopped with Ctrl-C."""

GRADE_EXAMPLES = """\
examples:
  grade challenge5
  grade challenge5 ~/homework/anna --format json
  grade challenge5 --only log_softmax --only attention
  grade challenge5 --data my-texts.jsonl --tokenizer gpt2

A full pass needs every check and the smoke test: with --only or --no-smoke the exit status is 1 at best."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line; the command prints it."""

    def error(self, message: str) -> NoReturn:
        command = "grade CHALLENGE" if self.prog == "grade" else self.prog
        raise UsageError(f"{message[:1].upper()}{message[1:]}. See: {command} --help")


def _seed(text: str) -> int:
    """Read a seed that every generator of random numbers takes."""
    if not (text.isdecimal() and int(text) < 2**63):
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from 0 to 2^63 - 1")
    return int(text)


@dataclass(frozen=True)
class GradeOptions:
    """One grading run, as asked for."""

    challenge: str
    folder: str | None
    solution: bool
    ref: str | None
    only: tuple[str, ...]
    smoke: bool
    data: str
    tokenizer: str
    format: str | None
    seed: int


@dataclass(frozen=True)
class HintOptions:
    challenge: str
    step: str | None
    everything: bool


def parse_grade(arguments: list[str]) -> GradeOptions:
    """Parse `grade CHALLENGE ...`.

    Raises:
        UsageError: an option is unknown, incomplete or contradicts another.
    """
    parser = _Parser(
        prog="grade",
        usage="grade CHALLENGE [FOLDER] [options]",
        description="Run the hidden checks of a challenge on your files, then a short training smoke test.",
        epilog=GRADE_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("challenge", metavar="CHALLENGE", help="the challenge, such as challenge5")
    add("folder", metavar="FOLDER", nargs="?", help="the folder to grade (default: the challenge of this project)")
    add("--solution", action="store_true", help="grade the project's solution instead")
    add("--ref", metavar="REF", help="grade the challenge folder as it stands on a git branch, tag or commit")
    add("--only", metavar="STEP", action="append", default=[], help="grade this step only; may be repeated")
    add("--no-smoke", action="store_true", help="leave the training smoke test out")
    add(
        "--data",
        metavar="PATH|sample|fineweb",
        default="sample",
        help="what the smoke test trains on: the packaged corpus (sample, the default), FineWeb from the network, or a"
        " JSONL, Parquet or text file",
    )
    add("--tokenizer", choices=("packaged", "gpt2"), default="packaged", help="which vocabulary (default: packaged)")
    add("--format", choices=("rich", "plain", "json"), help="how to report (default: rich on a terminal, else plain)")
    add("--seed", metavar="N", type=_seed, default=0, help="draw other examples (default: 0)")
    parsed = parser.parse_args(arguments)
    chosen = [name for name, on in (("FOLDER", parsed.folder), ("--solution", parsed.solution)) if on]
    chosen += ["--ref"] if parsed.ref is not None else []
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} exclude each other: name one thing to grade.")
    return GradeOptions(
        challenge=parsed.challenge,
        folder=parsed.folder,
        solution=parsed.solution,
        ref=parsed.ref,
        only=tuple(dict.fromkeys(parsed.only)),
        smoke=not parsed.no_smoke,
        data=parsed.data,
        tokenizer=parsed.tokenizer,
        format=parsed.format,
        seed=parsed.seed,
    )


def parse_hint(arguments: list[str]) -> HintOptions:
    """Parse `grade hint ...`; raises `UsageError`."""
    parser = _Parser(
        prog="grade hint",
        description="Show the next hint for the first step that does not pass yet, or for STEP.",
        epilog="examples:\n  grade hint challenge5\n  grade hint challenge5 attention --all",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("challenge", metavar="CHALLENGE", help="the challenge, such as challenge5")
    parser.add_argument("step", metavar="STEP", nargs="?", help="the step (its file name without .py)")
    parser.add_argument("--all", action="store_true", help="show all hints of the step at once")
    parsed = parser.parse_args(arguments)
    return HintOptions(parsed.challenge, parsed.step, parsed.all)


def parse_list(arguments: list[str]) -> None:
    """Parse `grade list`, which takes no arguments; raises `UsageError`."""
    _Parser(prog="grade list", description="Show challenges, steps and how far you are.").parse_args(arguments)


VERSION = f"grade {__version__} (fine-dropout)"
