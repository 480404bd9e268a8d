"""What can happen when learner code is called, as exceptions with a sentence for the learner."""

from __future__ import annotations

import re
from typing import Any

from grader.diagnosis.torch_errors import explain
from grader.submission.output import without_control
from grader.verdict import Outcome

ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{4,}\b")  # differs from run to run, and tells a learner nothing
SIMULATED = re.compile(r"\bsim:\d\b")  # a device that no learner has seen elsewhere

UNREADABLE = "The learner process sent an answer that cannot be read."
OUT_OF_MEMORY = "The code ran out of memory. Look for a tensor that is larger than it needs to be."


class LearnerError(Exception):
    """Learner code raised for one particular input: worth looking for a smaller one that does the same.

    `location` is where in the submission, and `origin` the place in another file of it that led there, if any.
    """

    def __init__(self, message: str, location: str | None, origin: str | None = None) -> None:
        super().__init__(message)
        self.outcome = Outcome.ERROR
        self.message = message
        self.location = location
        self.origin = origin


class CheckAborted(BaseException):
    """The check cannot go on, and no other input would do better.

    Not an `Exception`, so that Hypothesis neither swallows it nor searches for a smaller example, each of which
    would cost the time limit or a new child.
    """

    def __init__(self, outcome: Outcome, message: str, location: str | None = None, origin: str | None = None) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message
        self.location = location
        self.origin = origin


def problem_from(facts: Any) -> Exception | BaseException:
    """Make the exception for the facts that the child reports (`grader.child.learner_files.Problem`).

    The facts come from the learner's process: every field is checked for its type before it is used.
    """
    if not isinstance(facts, dict):
        return CheckAborted(Outcome.ERROR, UNREADABLE)
    kind, name, text = (_line(facts.get(key)) for key in ("kind", "type", "text"))
    location = location_from(facts.get("file"), facts.get("line"))
    origin = location_from(facts.get("from_file"), facts.get("from_line"))
    if facts.get("todo") is True:
        return CheckAborted(Outcome.TODO, _todo_message(location), location, origin)
    if kind == "call":
        return LearnerError(_raised(name, text), location, origin)
    message = _message(kind, name, text, facts.get("names"), location)
    return CheckAborted(Outcome.ERROR, message, location, origin)


def location_from(file: Any, line: Any) -> str | None:
    """Return "file.py:line", or only the file where the line is none; None where the file is no plain name."""
    if not isinstance(file, str) or not re.fullmatch(r"[\w ./\-]{1,200}", file):
        return None
    return f"{file}:{line}" if type(line) is int and line > 0 else file


def _line(value: Any) -> str:
    """Return a text of the learner's process as one line that is safe to print."""
    return " ".join(without_control(value[:1000]).split()) if isinstance(value, str) else ""


def _todo_message(location: str | None) -> str:
    where = location.split(":")[0] if location else "the file"
    return f"Still to do: fill the marked place in {where}."


def _raised(name: str, text: str) -> str:
    text = ADDRESS.sub("0x…", text).strip()
    if name in ("SystemExit", "KeyboardInterrupt", "GeneratorExit"):
        return f"The code stopped with {name}. A function must return its answer; take the exit out."
    if name in ("Skipped", "SkipTest", "UnsatisfiedAssumption", "_Skipped"):
        return f"The code raised {name}. A check cannot be skipped; return an answer instead."
    if name == "BlockingIOError" or "can't start new thread" in text:
        return "The code started too many processes or threads. Start none."
    if name == "MemoryError" or re.search("can(no|')t allocate memory", text, re.IGNORECASE):
        return OUT_OF_MEMORY
    meaning = " ".join(filter(None, (_device_in(text), explain(name, text))))
    if meaning:
        end = "" if text.endswith(("!", "?")) else "."
        return f"{name}: {text.rstrip('.')}{end} {meaning}"
    return f"{name}: {text}" if text else f"{name} was raised."


def _device_in(text: str) -> str:
    """Say what the simulated device is that an exception speaks of, empty if it speaks of none."""
    found = SIMULATED.search(text)
    return f"({found[0]} is the grader's simulated accelerator.)" if found else ""


def _message(kind: str, name: str, text: str, names: Any, location: str | None) -> str:
    file = location.split(":")[0] if location else "the file"
    if kind == "missing_file":
        return f"{file} is missing from the folder. Put it back under this name."
    if kind == "folder":
        return f"{file} is a folder. Put a file of this name in its place."
    if kind == "no_plain_file":
        return f"{file} is a pipe or a device. Put a plain file of this name in its place."
    if kind == "link":
        return f"{file} is a link to a place outside of the folder. Put the file itself there."
    if kind == "missing_name":
        listed = [_line(item)[:60] for item in names[:20]] if isinstance(names, list) else []
        defines = f"it defines {', '.join(listed)}" if listed else "it defines no function or class"
        return f"{file} has no `{text}` ({defines}). The name must be exactly `{text}`."
    if kind == "signature":
        return f"The parameters `{text}` do not fit the call: {name}. Take them back from the task."
    if kind == "syntax":
        mend = " Save it as UTF-8." if "null bytes" in text or "utf-8" in text else ""
        return f"{name}: {text}. Python cannot read {file}.{mend}"
    if kind == "import":
        return f"{file} fails while it is imported: {_raised(name, text)}"
    if kind == "reply":
        return f"The answer is too large: {text}."
    return UNREADABLE
