"""`python -m grader` is the `grade` command."""

from grader.command import run

run()
