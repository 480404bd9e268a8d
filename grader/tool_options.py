"""What can be asked of the learner's tools (`grade hint`, `watch`, `list`, ...), with help texts and examples."""

from __future__ import annotations

from dataclasses import dataclass

from grader.arguments import Parser

HINT_EXAMPLES = """\
examples:
  grade hint challenge5                             the next hint for the first open step
  grade hint challenge5 attention                   the next hint for one step
  grade hint challenge5 attention --all             all of them at once
  grade hint challenge5 --folder ~/homework/anna    for files that are not in the project's own folder"""


WATCH_EXAMPLES = """\
examples:
  grade watch challenge5                    grade challenges/challenge5 of this project on each save
  grade watch challenge5 ~/homework/anna    another folder

Only the steps that a save concerns are graded again; the smoke test only when
you ask for it. Keys: h shows the next hint, a grades everything, the smoke test
included, q quits. Ctrl-C quits as well."""


@dataclass(frozen=True)
class HintOptions:
    challenge: str
    step: str | None
    everything: bool
    folder: str | None


def parse_hint(arguments: list[str]) -> HintOptions:
    """Parse `grade hint ...`; raises `UsageError`."""
    parser = Parser(
        prog="grade hint",
        description="Show the next hint for the first step that does not pass yet, or for STEP.",
        epilog=HINT_EXAMPLES,
    )
    add = parser.add_argument
    add("challenge", metavar="CHALLENGE", help="the challenge, such as challenge5")
    add("step", metavar="STEP", nargs="?", help="the step (its file name without .py)")
    add("--all", action="store_true", help="show all hints of the step at once")
    add("--folder", metavar="FOLDER", help="the folder that was graded (default: the challenge of this project)")
    parsed = parser.parse_args(arguments)
    return HintOptions(parsed.challenge, parsed.step, parsed.all, parsed.folder)


@dataclass(frozen=True)
class WatchOptions:
    challenge: str
    folder: str | None
    isolation: str


def parse_watch(arguments: list[str]) -> WatchOptions:
    """Parse `grade watch ...`; raises `UsageError`."""
    parser = Parser(
        prog="grade watch",
        usage="grade watch CHALLENGE [FOLDER] [options]",
        description="Grade your files again on each save.",
        epilog=WATCH_EXAMPLES,
    )
    parser.add_argument("challenge", metavar="CHALLENGE", help="the challenge, such as challenge5")
    help_text = "the folder to watch (default: the challenge of this project)"
    parser.add_argument("folder", metavar="FOLDER", nargs="?", help=help_text)
    parser.add_isolation()
    parsed = parser.parse_args(arguments)
    return WatchOptions(parsed.challenge, parsed.folder, parsed.isolation)


RESET_EXAMPLES = """\
examples:
  grade reset attention                     put the stub of this step back
  grade reset challenge5 attention          the same, where two challenges have a step of this name
  grade reset challenge5 attention --undo   get your own version back

Your file is kept before it is replaced; no copy is ever removed."""


@dataclass(frozen=True)
class ResetOptions:
    """Without a `challenge`, the one that has the step."""

    challenge: str | None
    step: str
    undo: bool


def parse_reset(arguments: list[str]) -> ResetOptions:
    """Parse `grade reset ...`; raises `UsageError`."""
    parser = Parser(
        prog="grade reset",
        usage="grade reset [CHALLENGE] STEP [--undo]",
        description="Put the stub of a step back, and keep your file.",
        epilog=RESET_EXAMPLES,
    )
    parser.add_argument("names", metavar="STEP", nargs="+", help="the step (its file name without .py)")
    parser.add_argument("--undo", action="store_true", help="put the version back that was kept last")
    parsed = parser.parse_args(arguments)
    if len(parsed.names) > 2:
        parser.error("name one step")
    challenge, step = parsed.names if len(parsed.names) == 2 else (None, parsed.names[0])
    return ResetOptions(challenge, step, parsed.undo)


def parse_doctor(arguments: list[str]) -> str:
    """Parse `grade doctor ...`; return the isolation to try. Raises `UsageError`."""
    parser = Parser(
        prog="grade doctor",
        description="Say whether everything that grading needs is in order, and what to do where it is not.",
        epilog="example:\n  grade doctor\n\nExit status: 0 if all is in order, 1 if not.",
    )
    parser.add_isolation()
    return str(parser.parse_args(arguments).isolation)


def parse_list(arguments: list[str]) -> None:
    """Parse `grade list`, which takes no arguments; raises `UsageError`."""
    Parser(prog="grade list", description="Show challenges, steps and how far you are.").parse_args(arguments)
