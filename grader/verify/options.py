"""What can be asked of `grade verify`, with help texts and examples."""

from __future__ import annotations

from dataclasses import dataclass

from grader.arguments import Parser

EXAMPLES = """\
examples:
  grade verify                              every challenge
  grade verify challenge5                   one of them
  grade verify challenge5 --ref solution    with the files of the branch `solution` for the solution
  grade verify challenge5 --format json     for a program, such as a nightly run

Exit status: 0 if everything holds, 1 if something falls short, 2 for wrong
usage, 3 if the grader itself fails, 130 after Ctrl-C."""


@dataclass(frozen=True)
class VerifyOptions:
    """One verification, as asked for. Without a `challenge`, of all."""

    challenge: str | None
    ref: str | None
    mutants: bool
    isolation: str
    format: str | None


def parse_verify(arguments: list[str]) -> VerifyOptions:
    """Parse `grade verify ...`; raises `UsageError`."""
    parser = Parser(
        prog="grade verify",
        description="Prove that a challenge holds together: the solution passes, the stubs are\n"
        "to do, every known mistake is caught and named, no mutant of the solution\n"
        "survives. It takes some minutes.",
        epilog=EXAMPLES,
    )
    add = parser.add_argument
    add("challenge", metavar="CHALLENGE", nargs="?", help="the challenge (default: all of them)")
    add("--ref", metavar="REF", help="take the challenge folder on a git branch, tag or commit for the solution")
    add("--no-mutants", action="store_true", help="leave the mutants of the solution out")
    parser.add_isolation()
    add("--format", choices=("rich", "plain", "json"), help="how to report (default: rich on a terminal, else plain)")
    parsed = parser.parse_args(arguments)
    return VerifyOptions(parsed.challenge, parsed.ref, not parsed.no_mutants, parsed.isolation, parsed.format)
