"""The child's processes, seen from the parent: start the nursery, fork a worker, exchange frames, end it all.

    parent ──(control)──▶ nursery ──fork──▶ worker ◀──(channel)── parent

The nursery loads torch while the parent does; a worker that died is replaced by a fork of it.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from grader.challenge import Limits
from grader.child.descendants import adopt_orphans
from grader.child.scratch import remove_folder
from grader.clock import awake_seconds, stand_still_while_stopped
from grader.errors import GraderError
from grader.interrupts import raise_what_was_lost, uninterrupted
from grader.submission.exchange import Exchange, HungUp
from grader.submission.isolation import PROCESS, Isolation
from grader.submission.nursery import END_SECONDS, Nursery, NurseryKilled
from grader.submission.one_core import hold_to, pick_core
from grader.submission.output import Output
from grader.submission.overruns import OverrunWatch

REMOVING_SECONDS = 0.5  # that the scratch folder is removed here; a few milliseconds as a rule


class ChildProcess:
    """One nursery and at most one worker.

    Attributes:
        folder: the submission that the next worker holds. Under bubblewrap it must lie in the first one's folder.
    """

    def __init__(self, folder: Path, limits: Limits, isolation: Isolation = PROCESS) -> None:
        self.folder = self.visible_folder = folder.resolve()
        self.limits = limits
        self.isolation = isolation
        self.scratch = Path(tempfile.mkdtemp(prefix="fine-dropout-")).resolve()
        self.nursery: Nursery | None = None
        self.channel: socket.socket | None = None
        self.output: Output | None = None
        self.waiting_for_fork = False
        self.core = pick_core()
        self.free_cores: set[int] | None = None  # what the parent may use when it is not held to one core
        self.overruns = OverrunWatch(isolation, self.scratch)
        adopt_orphans()
        stand_still_while_stopped()

    def start(self) -> None:
        """Start the nursery if there is none, and ask for a worker; waits for neither."""
        if self.channel is not None:
            return
        if self.nursery is not None and self.nursery.has_ended:
            self._end_nursery()
        if self.nursery is None:
            with uninterrupted():  # until it is known here what there is to end
                self.nursery = Nursery(self.isolation, self.visible_folder, self.scratch, self.limits.scratch_bytes)
        self._ask_for_worker(self.nursery)

    def _ask_for_worker(self, nursery: Nursery) -> None:
        self.channel, channel_end = socket.socketpair()
        self.channel.setblocking(False)
        if self.output is not None:
            self.output.close()
        read_end, write_end = os.pipe()
        self.output = Output(read_end, self.limits.output_bytes)
        request = {
            "folder": str(self.folder),
            "limits": self.limits.as_dict(),
            "writable": [str(place) for place in self.isolation.writable(self.scratch)],
            "core": self.core,
            "fence": self.isolation.fence(self.folder, self.scratch),
            "walled_in": self.isolation.walls_in,
        }
        try:
            nursery.ask_for_worker(request, [channel_end.fileno(), write_end])
        finally:
            channel_end.close()
            os.close(write_end)
        self.waiting_for_fork = True

    def exchange(self, frame: bytes, deadline: float) -> tuple[bytes, bytes]:
        """Send one frame and return the reply's JSON part and tensor part.

        Args:
            deadline: on the clock of `awake_seconds()`; counts from when the worker is ready.
        Raises:
            TimedOut, HungUp, Oversized, TooManyProcesses, TooMuchMemory, TooMuchWritten: see there. The worker must be
                ended then.
        """
        waited_from = awake_seconds()
        try:
            waited = self._wait_for_worker()
        except NurseryKilled:  # once is no reason to give up
            self._forget_nursery()
            waited = self._wait_for_worker()
        except GraderError as problem:
            if self.finds_folder:
                raise
            raise HungUp from problem  # without the folder there is no sandbox around it
        if waited:
            self._share_core()
            deadline += awake_seconds() - waited_from
        assert self.channel is not None
        assert self.output is not None
        exchange = Exchange(self.channel, self.output, frame, self.limits.reply_bytes)
        return exchange.run(deadline, self.look_around)

    @property
    def finds_folder(self) -> bool:
        """True while the submission is there and may be read."""
        return os.access(self.folder, os.R_OK | os.X_OK)

    def _wait_for_worker(self) -> bool:
        """Wait until there is a worker, started now if need be; False if there was one already."""
        self.start()
        assert self.nursery is not None
        if not self.waiting_for_fork:
            return False
        self.nursery.wait_for_worker()
        self.waiting_for_fork = False
        return True

    def look_around(self) -> None:
        """Called in each exchange, again and again while the worker is at work; what it raises ends the exchange."""
        raise_what_was_lost()
        assert self.nursery is not None
        self.overruns.look(self.nursery.pid, self.limits)

    def _share_core(self) -> None:
        if self.core is not None and self.free_cores is None:
            self.free_cores = hold_to({self.core})

    def begin_check(self) -> None:
        """Drop what was printed so far, and the worker if it has ended or said something that nobody asked for."""
        if self.channel is not None and not self.waiting_for_fork and select.select([self.channel], [], [], 0)[0]:
            self.end_worker(died=True)
        self.take_output()

    def end_worker(self, *, died: bool = False) -> str:
        """End the worker and everything that it started; say in words how it ended, if it did so by itself."""
        if self.channel is None:
            return ""
        self.channel.close()
        self.channel = None
        reply: dict[str, Any] = {}
        assert self.nursery is not None
        try:
            if self.waiting_for_fork:
                self.nursery.wait_for_worker()
            reply = self.nursery.end_worker(died=died)
            if reply.get("clean") is not True:
                self._end_nursery()  # something escaped it
        except (OSError, GraderError):
            self._end_nursery()  # it was stopped or killed by learner code, or cannot keep up with it
        self.waiting_for_fork = False
        if self.output is not None:
            self.output.drain()
        return _how_it_ended(reply)

    def take_output(self) -> str:
        return self.output.take() if self.output is not None else ""

    def close(self) -> None:
        """End every process and remove the scratch folder, also if Ctrl-C is pressed once more.

        A removal that takes long is left to a process of its own. Ctrl-C ends the waiting for it.
        """
        with uninterrupted():
            self._close()
            remover = None if remove_folder(self.scratch, seconds=REMOVING_SECONDS) else _remover(self.scratch)
        if remover is not None:
            remover.wait()

    def _close(self) -> None:
        if self.free_cores is not None:
            hold_to(self.free_cores)
            self.free_cores = None
        self._forget_nursery(patience=END_SECONDS)
        if self.output is not None:
            self.output.close()
            self.output = None

    def _forget_nursery(self, *, patience: float = 0.0) -> None:
        """End the nursery, with the worker that it has or was to have."""
        if self.channel is not None:
            self.channel.close()
            self.channel = None
        self.waiting_for_fork = False
        self._end_nursery(patience=patience)

    def _end_nursery(self, *, patience: float = 0.0) -> None:
        if self.nursery is not None:
            self.nursery.end(patience=patience)
            self.nursery = None


def _remover(folder: Path) -> subprocess.Popen[bytes]:
    nothing = subprocess.DEVNULL
    command = [sys.executable, "-I", "-m", "grader.child.scratch", str(folder)]
    return subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)


def _how_it_ended(reply: dict[str, Any]) -> str:
    if (number := reply.get("signal")) is not None:
        named = number in {known.value for known in signal.Signals}  # most real-time signals have no name
        return f"was ended by {signal.Signals(number).name if named else f'signal {number}'}"
    if (status := reply.get("exit")) is not None:
        return f"left with exit status {status}"
    return ""
