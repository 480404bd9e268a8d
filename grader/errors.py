"""The two ways in which a run of the command itself can go wrong."""

from __future__ import annotations


class UsageError(Exception):
    """The command was given something it cannot work with; its text is one line that names the mend. Exit status 2."""


class GraderError(BaseException):
    """The grader itself failed, which says nothing about the submission. Exit status 3.

    Not an `Exception`, so that Hypothesis does not try another example with a grader that does not work.
    """
