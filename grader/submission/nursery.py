"""The nursery, seen from the parent: the process that has loaded torch, and that forks a worker when asked to."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from grader.child.descendants import end_descendants, has_in_environment, send_signal
from grader.clock import awake_seconds
from grader.errors import GraderError
from grader.submission.isolation import Isolation
from grader.variables import ONE_THREAD

START_SECONDS = 120.0  # importing torch from a cold disk
DYING_SECONDS = 1.0  # that the nursery waits for the end of a worker that has hung up, to be able to say how it ended
END_SECONDS = 0.7  # within which the nursery must report that a worker is dead; then it is ended with the worker
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "SYSTEMROOT")


class NurseryKilled(GraderError):
    """The nursery ended without a word. Nothing of the grader does that; the system does, where memory is short."""


class Nursery:
    """A nursery that has been started, with or without a sandbox around it.

    Attributes:
        pid: of the process that was started: the nursery's, or that of the sandbox.
    """

    def __init__(self, isolation: Isolation, submission: Path, scratch: Path, scratch_bytes: int) -> None:
        """Start it, and wait for nothing.

        Args:
            submission: the folder that all its workers' folders lie in.
            scratch: the folder that learner code may write into, and `scratch_bytes` of it.
        """
        self.scratch = scratch
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - without a name, so that no learner code can get at it
        self.has_answered = False
        self.control, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-I", "-m", "grader.child", str(theirs.fileno())]
            self.process = subprocess.Popen(
                isolation.command(command, submission, scratch, scratch_bytes),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self.log,
                env=_environment(scratch),
                pass_fds=[theirs.fileno()],
                cwd="/",  # where torch can be loaded, whatever becomes of the folders of the user
                start_new_session=True,  # Ctrl-C in the terminal reaches the parent only
            )
        self.pid = self.process.pid

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def ask_for_worker(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """Ask for a fork that holds these descriptors, and wait for nothing."""
        line = json.dumps({"do": "fork", **request}).encode() + b"\n"
        try:
            sent = socket.send_fds(self.control, [line], descriptors)
            self.control.sendall(line[sent:])
        except OSError as problem:
            raise self._why_it_ended() from problem

    def wait_for_worker(self) -> None:
        """Wait until the worker that was asked for is there."""
        self._reply(START_SECONDS)

    def end_worker(self, *, died: bool) -> dict[str, Any]:
        """End the worker and everything that it started; return what is known of its end.

        Args:
            died: it has hung up, and is given the time to end by itself.
        Raises:
            OSError, GraderError: the nursery was stopped or killed by learner code, or cannot keep up with it.
        """
        self.control.sendall(json.dumps({"do": "end", "died": died}).encode() + b"\n")
        return self._reply(END_SECONDS + (DYING_SECONDS if died else 0.0))

    def end(self, *, patience: float = 0.0) -> None:
        """End the nursery and all that descends from it.

        Args:
            patience: seconds in which it may do so by itself, if it has come so far. It alone can tell for certain that
                nothing is left.
        """
        self.control.close()
        if not self.has_answered or not self._ends_well(patience):
            self._kill()
        self.log.close()

    def _ends_well(self, seconds: float) -> bool:
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(seconds) == 0
        return False

    def _kill(self) -> None:
        if not self.has_ended:  # or its number may be another process's by now
            # Stopped, it still collects the orphans of its descendants, so that all of them are found below it.
            send_signal(self.pid, signal.SIGSTOP)
            end_descendants(self.pid)
            send_signal(self.pid, signal.SIGKILL, group=True)
            self.process.wait()
        # Had learner code killed the nursery, the orphans would be ours; their home folder tells them apart.
        end_descendants(os.getpid(), only=lambda process: has_in_environment(process, f"HOME={self.scratch}"))

    def _reply(self, seconds: float) -> dict[str, Any]:
        deadline = awake_seconds() + seconds
        text = b""
        while not text.endswith(b"\n"):
            if not _becomes_readable(self.control, deadline):
                raise GraderError(f"the child gave no sign for {seconds:g} s: {self._log() or 'no message'}")
            try:
                piece = self.control.recv(4096)
            except OSError:  # it ended with a request unread
                piece = b""
            if not piece:
                raise self._why_it_ended()
            text += piece
        self.has_answered = True
        reply = json.loads(text)
        return reply if isinstance(reply, dict) else {}

    def _why_it_ended(self) -> GraderError:
        if log := self._log():
            return GraderError(f"the child's nursery has ended: {log}")
        return NurseryKilled("the child's nursery was killed from outside. Is the machine short of memory?")

    def _log(self) -> str:
        start = max(0, os.fstat(self.log.fileno()).st_size - 2000)
        return os.pread(self.log.fileno(), 2000, start).decode(errors="replace")


def _environment(scratch: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    own = {"HOME": str(scratch), "TMPDIR": str(scratch), "PYTHONDONTWRITEBYTECODE": "1"}
    # Threads that learner code asks PyTorch for share one core; busy waiting would keep the others from it.
    return kept | own | ONE_THREAD | {"OMP_WAIT_POLICY": "PASSIVE"}


def _becomes_readable(channel: socket.socket, deadline: float) -> bool:
    while (left := deadline - awake_seconds()) > 0:
        if select.select([channel], [], [], left)[0]:
            return True
    return False
