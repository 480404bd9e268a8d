"""Where the parent imports from: Python's own folders, and nothing that may be the learner's.

A PYTHONPATH may name the learner's folder: an empty entry is the current one, as the last in PYTHONPATH=/opt/lib: is. A
textwrap.py that lies there would run in the parent, in place of Python's. The child does not follow PYTHONPATH either,
so nothing that grading needs can come from it, and the whole of it is left out.

This module comes before all others and imports only what Python has loaded by then. What Python itself looks for until
then (`encodings`, `sitecustomize`, what the script `grade` begins with, `grader`) is beyond it; only Python's option -I
is in time for that, as in `python -I -m grader`.
"""

import os
import site
import sys


def import_nothing_of_the_learners() -> None:
    """Take off Python's path what PYTHONPATH put there, and the current folder, which `python -m` puts there."""
    named = "" if sys.flags.ignore_environment else os.environ.get("PYTHONPATH", "")
    others = {_absolute(entry) for entry in ("", *named.split(os.pathsep))}
    sys.path[:] = [entry for entry in sys.path if _absolute(entry) not in others or _is_pythons(entry)]


def _is_pythons(entry: str) -> bool:
    """True in the standard library's folder and in those of installed packages; somebody may have named these too."""
    folders = [os.path.dirname(os.__file__), *site.getsitepackages(), site.USER_SITE]
    own = tuple(os.path.join(_absolute(folder), "") for folder in folders if folder)
    return os.path.join(_absolute(entry), "").startswith(own)


def _absolute(entry: str) -> str:
    try:
        return os.path.abspath(entry)
    except OSError:  # the current folder has been removed
        return entry
