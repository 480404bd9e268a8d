"""Mutants that may live, one by one and each for a reason, in the challenge's `excused_mutants.toml`:

[[excused]]
file = "attention.py"
function = "CausalSelfAttention.forward"
before = "the statement as it is"
after = "the statement as the mutant has it"
reason = "why no check can tell the two apart, or should"
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, fields

from grader.challenge import Challenge
from grader.errors import GraderError
from grader.mutants import Mutant

FILE = "excused_mutants.toml"


@dataclass(frozen=True)
class Excuse:
    file: str
    function: str
    before: str
    after: str
    reason: str

    def fits(self, file: str, mutant: Mutant) -> bool:
        place = (self.file, self.function, self.before, self.after)
        return place == (file, mutant.function, mutant.before, mutant.after)


def load_excuses(challenge: Challenge) -> tuple[Excuse, ...]:
    """Read the excuses of a challenge; none where there is no file of them.

    Raises:
        GraderError: the file is not of the form that is described above; the text names it.
    """
    path = challenge.folder / FILE
    if not os.path.isfile(path):
        return ()
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("excused", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise GraderError(f"{path}: {problem}") from problem
    wanted = {field.name for field in fields(Excuse)}
    for number, row in enumerate(rows, start=1):
        if set(row) != wanted or not all(isinstance(text, str) for text in row.values()) or not row["reason"].strip():
            raise GraderError(f"{path}: excuse {number} must have the texts {', '.join(sorted(wanted))}, and no others")
    return tuple(Excuse(**row) for row in rows)
