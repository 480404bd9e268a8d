"""`python -m grader` is the `grade` command."""

from grader.start import run

run()
