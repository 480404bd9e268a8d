"""Starts git, and nothing but git: a repository is handed in like everything else, with settings that name programs.

A repository's `.git` can name programs for filters, for signatures, for comparing files, for the pager, for watching
files, for hooks, and for fetching what is missing. None of them may run, since they would run outside of all walls:

- Only plumbing is asked for (`rev-parse`, `rev-list`, `ls-tree`, `cat-file`), and none of its options that would filter
  or convert. It knows nothing of filters, attributes, signatures, comparing programs and the names of other commands.
- What is missing is not fetched, and nobody is asked for a password.
- The settings below switch off what any command of git can come to, reading the index for example.

Should a program get to run all the same, it ends with git when the time is up, and at Ctrl-C: both are in a session of
their own, whose whole group is killed.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from grader.child.descendants import send_signal
from grader.interrupts import uninterrupted

GIT_SECONDS = 20.0  # all calls of one `Git` together
SHORT_BYTES = 1024**2  # of an answer that is a line or a few
CHUNK_BYTES = 1 << 16
WITHOUT_PROGRAMS = (
    "--no-pager", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "log.showSignature=false",
)  # fmt: skip
UNTRUSTED = re.compile(rb"safe\.directory (.+)")  # in the mend that git names, in whatever language it speaks
ENVIRONMENT = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",  # none; an older git does not know the other name
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
}


class TooLong(OSError):
    """git prints more than is of use."""


class Git:
    """git in one folder, for one purpose: it has `GIT_SECONDS` from now on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.deadline = time.monotonic() + GIT_SECONDS

    def run(self, *arguments: str, given: bytes = b"", at_most: int = SHORT_BYTES) -> bytes | None:
        """Return what git prints, None if it fails or is not installed.

        Args:
            given: its standard input.
            at_most: bytes of its output.
        Raises:
            OSError: it is not done in time, or prints more (`TooLong`).
        """
        status, answer = self._ended(arguments, given, at_most, errors=subprocess.DEVNULL)
        return answer if status == 0 else None

    def hindrance(self) -> str | None:
        """Say why git is of no use in this folder; None where it is.

        Raises:
            OSError: it is not done in time.
        """
        status, words = self._ended(("rev-parse", "--git-dir"), b"", SHORT_BYTES, errors=subprocess.STDOUT)
        if status is None:
            return "git is not installed"
        if status == 0:
            return None
        if refused := UNTRUSTED.search(words):
            mend = f"git config --global --add safe.directory {os.fsdecode(refused[1])}"
            return f"git does not trust {self.folder}, which belongs to somebody else (if you do: {mend})"
        return f"{self.folder} is no git repository"

    def _ended(
        self, arguments: tuple[str, ...], given: bytes, at_most: int, *, errors: int
    ) -> tuple[int | None, bytes]:
        """Return the exit status, None if git is not installed, and what it prints.

        Args:
            errors: where its standard error goes.
        """
        self._seconds_left()
        git: subprocess.Popen[bytes] | None = None
        with tempfile.TemporaryFile() as questions:  # a pipe would have to be written to while the answer is read
            questions.write(given)
            questions.seek(0)
            try:
                with uninterrupted():  # or it might be started and not be known here
                    git = self._started(arguments, questions, errors)
                return (None, b"") if git is None else self._answer(git, at_most)
            finally:
                if git is not None:
                    _end(git)

    def _started(self, arguments: tuple[str, ...], questions: IO[bytes], errors: int) -> subprocess.Popen[bytes] | None:
        try:
            return subprocess.Popen(
                ["git", *WITHOUT_PROGRAMS, *arguments],
                cwd=self.folder,
                env=os.environ | ENVIRONMENT,
                stdin=questions,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        except (FileNotFoundError, PermissionError):  # the second where a folder of PATH may not be looked into
            return None

    def _answer(self, git: subprocess.Popen[bytes], at_most: int) -> tuple[int, bytes]:
        assert git.stdout is not None
        answer = bytearray()
        while piece := self._piece(git.stdout.fileno()):
            answer += piece
            if len(answer) > at_most:
                raise TooLong(f"git prints more than {at_most:,} bytes")
        with suppress(subprocess.TimeoutExpired):
            git.wait(self._seconds_left())
        if git.returncode is None:
            raise self._time_is_up()
        return git.returncode, bytes(answer)

    def _piece(self, descriptor: int) -> bytes:
        while not select.select([descriptor], [], [], self._seconds_left())[0]:
            pass
        return os.read(descriptor, CHUNK_BYTES)

    def _seconds_left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise self._time_is_up()
        return left

    def _time_is_up(self) -> OSError:
        return OSError(f"git was not done with it within {GIT_SECONDS:g} s")


def _end(git: subprocess.Popen[bytes]) -> None:
    with uninterrupted():
        if git.returncode is None:  # or its number may be another group's by now
            send_signal(git.pid, signal.SIGKILL, group=True)
        git.wait()
        assert git.stdout is not None
        git.stdout.close()
