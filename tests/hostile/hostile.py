"""One row of the gallery: the solution with one thing changed, and how its checks must end.

The code of a row may name `$project` (the folder from which it is graded, with the stubs and the solutions), `$grader`
(the grader's own folder), `$port` (of a server on this machine that nobody may call) and `$mark` (a name that no other
file on this machine has).
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from itertools import cycle

from grader.verdict import Outcome
from tests.hostile.hand_in import ISOLATIONS
from tests.submissions import BEGIN, END, SOLUTIONS, fill

SOLUTION = SOLUTIONS / "challenge5"


@dataclass(frozen=True)
class Target:
    """The function that a row attacks.

    Attributes:
        file: where it stands, for example "devices.py".
        function: its name.
        checks: patterns of the ids of the checks that must end as the row says.
        shared: patterns of those that may end in any other way, because they ask for less than the function's values,
            for more, or with a message of their own.
    """

    file: str
    function: str
    checks: tuple[str, ...]
    shared: tuple[str, ...] = ()

    @property
    def step(self) -> str:
        return self.file.removesuffix(".py")

    def is_hit(self, check: str) -> bool:
        return any(fnmatch(check, pattern) for pattern in self.checks)

    def is_touched(self, check: str) -> bool:
        return self.is_hit(check) or any(fnmatch(check, pattern) for pattern in self.shared)

    def overlaps(self, other: Target) -> bool:
        return any(map(self.is_touched, other.checks)) or any(map(other.is_touched, self.checks))


LOG_SOFTMAX = Target("log_softmax.py", "log_softmax", ("log_softmax.*",))
LOG_SOFTMAX_VALUES = Target("log_softmax.py", "log_softmax", ("log_softmax.equals_the_reference",), ("log_softmax.*",))
LOSS = Target("final_token_loss.py", "final_token_loss", ("final_token_loss.*",))
LOSS_VALUES = Target(
    "final_token_loss.py", "final_token_loss", ("final_token_loss.equals_the_reference",), ("final_token_loss.*",)
)
LOSS_GRAPH = Target(
    "final_token_loss.py", "final_token_loss", ("final_token_loss.is_a_scalar_with_a_graph",), ("final_token_loss.*",)
)
ATTENTION = Target("attention.py", "forward", ("attention.*",))
ATTENTION_VALUES = Target("attention.py", "forward", ("attention.equals_the_reference_in_eval_mode",), ("attention.*",))
WHOLE_STEP = ("devices.a_whole_step_runs_on_the_accelerator",)
DEVICES = Target("devices.py", "pick_device", ("devices.*",))
PICK_DEVICE = Target("devices.py", "pick_device", ("devices.takes_the_accelerator", "devices.falls_back_to_the_cpu"))
ON_A_CPU = Target("devices.py", "pick_device", ("devices.falls_back_to_the_cpu",))
POSITIONS = Target("devices.py", "position_ids", ("devices.positions_*",), WHOLE_STEP)
COUNTED = Target(
    "devices.py", "position_ids", ("devices.positions_count_from_zero",), ("devices.positions_*", *WHOLE_STEP)
)
MOVED = ("devices.moves_both_parts", "devices.obeys_its_argument", "devices.keeps_dtypes_and_values")
BATCH = Target("devices.py", "batch_to_device", MOVED, WHOLE_STEP)
BATCH_DEVICE = Target("devices.py", "batch_to_device", ("devices.moves_both_parts",), (*MOVED, *WHOLE_STEP))
EVALUATE_CHANGES = Target("training.py", "evaluate", ("training.evaluate_changes_nothing",))
EVALUATE_GRADIENTS = Target("training.py", "evaluate", ("training.evaluate_computes_no_gradients",))


@dataclass(frozen=True)
class Hostile:
    """One attack.

    Attributes:
        name: what it does; the id of its tests.
        target: what it attacks.
        outcome: how each check of the target must end.
        message: a pattern that the message of each must hold.
        instead: what stands in the function's marked place.
        before: what stands there ahead of the right answer, which follows if the attack does what it wants.
        at_import: what stands ahead of everything else in the file.
        beside: further files, by name.
        links: symbolic links, by name, with what they point to.
        limits: other limits than the challenge's, where those would take long to reach.
        run: rows of one name are handed in together; without one, a row is handed in by itself.
        isolations: where it is tried.
        landlock: the version of Landlock that holds it back where there is no bubblewrap.
        whole: whether every step is graded, or only those that are attacked.
    """

    name: str
    target: Target
    outcome: Outcome
    message: str
    instead: str | None = None
    before: str = ""
    at_import: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    run: str = ""
    isolations: tuple[str, ...] = ISOLATIONS
    landlock: int = 0
    whole: bool = False

    @property
    def run_name(self) -> str:
        return self.run or self.name


FUNCTIONS = (LOG_SOFTMAX, LOSS, PICK_DEVICE, ATTENTION)  # one of each file


def in_turn(targets: Iterable[Target] = FUNCTIONS) -> Iterator[Target]:
    """Yield one target after the other, again and again, for attacks that any function can be the place of."""
    return cycle(targets)


def side_by_side(name: str, rows: Iterable[Hostile], *, at_most: int = 4) -> tuple[Hostile, ...]:
    """Let attacks on different functions be handed in together, which also proves that they leave each other alone."""
    runs: list[list[Hostile]] = []
    for row in rows:
        for run in runs:
            alike = row.isolations == run[0].isolations and row.limits == run[0].limits
            if alike and len(run) < at_most and not any(row.target.overlaps(other.target) for other in run):
                run.append(row)
                break
        else:
            runs.append([row])
    return tuple(replace(row, run=f"{name} {number}") for number, run in enumerate(runs, start=1) for row in run)


def files_of(rows: Iterable[Hostile]) -> dict[str, str]:
    """Return the text of every file in which these attacks differ from the solution, by name."""
    files: dict[str, str] = {}
    for row in rows:
        name, function = row.target.file, row.target.function
        text = files.get(name) or (SOLUTION / name).read_text(encoding="utf-8")
        answer = marked_place(text, function) if row.instead is None else row.instead
        body = [textwrap.dedent(code).strip("\n") for code in (row.before, answer)]
        text = fill(text, function, "\n".join(body))
        files[name] = textwrap.dedent(row.at_import).lstrip("\n") + text
        files |= row.beside
    return files


def marked_place(text: str, function: str) -> str:
    """Return the code in the marked place of a function."""
    begin = text.index(BEGIN, text.index(f"def {function}(")) + len(BEGIN)
    return text[begin : text.rindex("\n", begin, text.index(END, begin)) + 1]
