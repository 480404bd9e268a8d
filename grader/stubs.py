"""Makes a challenge folder out of its solution: the same files, with the marked places emptied.

    python -m grader.stubs challenge5

The solution is the one source of both, and a test proves that the two folders have not drifted apart.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from grader.project import find_project

BEGIN = "# ---- your code: begin ----"
END = "# ---- your code: end ----"
MARKED = re.compile(
    rf"^(?P<indent>[ \t]*){re.escape(BEGIN)}\n.*?^(?P=indent){re.escape(END)}(?:\n|\Z)", re.MULTILINE | re.DOTALL
)
DEFINITION = re.compile(r"^[ \t]*def (\w+)\(", re.MULTILINE)


def stub_of(solution: str) -> str:
    """Return the source of a solution with a `NotImplementedError` in each marked place."""

    def emptied(place: re.Match[str]) -> str:
        function = DEFINITION.findall(solution, 0, place.start())[-1]
        indent = place["indent"]
        to_do = f'raise NotImplementedError("{function} is still to do")  # replace this line'
        return f"{indent}{BEGIN}\n{indent}{to_do}\n{indent}{END}\n"

    return MARKED.sub(emptied, solution)


def has_whole_places(text: str) -> bool:
    """True for a file with marked places, in which no mark is without its other one.

    Emptied, a file that lacks one would lose all that stands up to the next, or keep what is filled in.
    """
    return text.count(BEGIN) == text.count(END) == len(MARKED.findall(text)) > 0


def is_stub(text: str) -> bool:
    """True for a file with marked places, all of which are empty."""
    return has_whole_places(text) and stub_of(text) == text


def write_stubs(solution_folder: Path, challenge_folder: Path) -> list[Path]:
    """Write every Python file of the solution into the challenge folder, emptied; return the files."""
    written = []
    for path in sorted(solution_folder.glob("*.py")):
        target = challenge_folder / path.name
        target.write_text(stub_of(path.read_text(encoding="utf-8")), encoding="utf-8")
        written.append(target)
    return written


if __name__ == "__main__":
    project = find_project(Path.cwd())
    if project is None or len(sys.argv) != 2:
        sys.exit("usage, inside the project: python -m grader.stubs CHALLENGE")
    write_stubs(project.solution(sys.argv[1]), project.challenge(sys.argv[1]))
