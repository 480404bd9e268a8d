"""What can be asked of `grade CHALLENGE`, with help texts and examples; and what the command can do at all."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from grader import __version__
from grader.arguments import Parser
from grader.errors import UsageError

VERSION = f"grade {__version__} (fine-dropout)"

OVERVIEW = """\
usage: grade CHALLENGE [FOLDER] [options]    grade your files
       grade watch CHALLENGE [FOLDER]        grade them again on each save
       grade hint CHALLENGE [STEP] [--all]   show the next hint
       grade list                            show all steps, and how far you are
       grade reset [CHALLENGE] STEP [--undo] put a stub back, and keep your file
       grade doctor                          is all here that grading needs?
       grade data [pull|clear] [options]     show, fetch or remove texts
       grade verify [CHALLENGE] [options]    is the course itself sound?

examples:
  grade challenge5                        your files in this project
  grade watch challenge5                  see the verdict each time you save
  grade challenge5 --only attention       one step, once
  grade challenge5 --ref my-branch        the files of a git branch
  grade challenge5 --solution             the reference solution
  grade hint challenge5                   the next hint for the first open step

`grade CHALLENGE --help` lists the options. Exit status: 0 a full pass,
1 not passed, 2 wrong usage, 3 the grader itself failed, 130 Ctrl-C."""

GRADE_EXAMPLES = """\
examples:
  grade challenge5
  grade challenge5 ~/homework/anna --format json
  grade challenge5 --only log_softmax --only attention
  grade challenge5 --data my-texts.jsonl --tokenizer gpt2

A full pass needs every check and the smoke test: with --only or --no-smoke
the exit status is 1 at best."""


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
    isolation: str
    format: str | None
    seed: int

    @property
    def names_data(self) -> bool:
        """True if the smoke test is to train on anything else than what is packaged."""
        return (self.data, self.tokenizer) != ("sample", "packaged")


def parse_grade(arguments: list[str]) -> GradeOptions:
    """Parse `grade CHALLENGE ...`.

    Raises:
        UsageError: an option is unknown, incomplete or contradicts another.
    """
    parsed = _parser().parse_args(arguments)
    _refuse_contradictions(parsed)
    return GradeOptions(
        challenge=parsed.challenge,
        folder=parsed.folder,
        solution=parsed.solution,
        ref=parsed.ref,
        only=tuple(dict.fromkeys(parsed.only)),
        smoke=not parsed.no_smoke,
        data=parsed.data,
        tokenizer=parsed.tokenizer,
        isolation=parsed.isolation,
        format=parsed.format,
        seed=parsed.seed,
    )


def _parser() -> Parser:
    parser = Parser(
        prog="grade",
        usage="grade CHALLENGE [FOLDER] [options]",
        description="Run the hidden checks of a challenge on your files, then a smoke test.",
        epilog=GRADE_EXAMPLES,
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
    parser.add_isolation()
    add("--format", choices=("rich", "plain", "json"), help="how to report (default: rich on a terminal, else plain)")
    add("--seed", metavar="N", type=_seed, default=0, help="draw other examples (default: 0)")
    return parser


def _refuse_contradictions(parsed: argparse.Namespace) -> None:
    chosen = [name for name, on in (("FOLDER", parsed.folder), ("--solution", parsed.solution)) if on]
    chosen += ["--ref"] if parsed.ref is not None else []
    if len(chosen) > 1:
        raise UsageError(f"{' and '.join(chosen)} exclude each other: name one thing to grade.")
    # Said, rather than left unread: a path with a slip in it would look as if it had been used.
    unused = ["--data"] if parsed.data != "sample" else []
    unused += ["--tokenizer"] if parsed.tokenizer != "packaged" else []
    if unused and (parsed.no_smoke or parsed.only):
        leaves_out = "--no-smoke" if parsed.no_smoke else "--only"
        which = f"{' and '.join(unused)} {'is' if len(unused) == 1 else 'are'}"
        raise UsageError(f"{which} for the smoke test, which {leaves_out} leaves out. Take one or the other away.")


def _seed(text: str) -> int:
    """Read a seed that every generator of random numbers takes."""
    if not (text.isdecimal() and len(text) < 20 and int(text) < 2**63):
        raise argparse.ArgumentTypeError(f"'{text[:40]}' is no whole number from 0 to 2^63 - 1")
    return int(text)
