"""The child's processes, seen from the parent: start the nursery, fork a worker, exchange frames, end it all.

    parent ──(control)──▶ nursery ──fork──▶ worker ◀──(channel)── parent

The nursery loads torch while the parent does; a worker that died is replaced by a fork of it.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from grader.challenge import Limits
from grader.child.descendants import adopt_orphans, descendants, end_descendants, has_in_environment, send_signal
from grader.child.scratch import remove_folder
from grader.clock import awake_seconds, stand_still_while_stopped
from grader.errors import GraderError
from grader.interrupts import uninterrupted
from grader.submission.isolation import PROCESS, Isolation
from grader.submission.memory import take_more_than
from grader.submission.one_core import hold_to, pick_core
from grader.submission.output import Output
from grader.submission.written import too_much_written

START_SECONDS = 120.0  # importing torch from a cold disk
DYING_SECONDS = 1.0  # that the nursery waits for the end of a worker that has hung up, to be able to say how it ended
END_SECONDS = 0.7  # within which the nursery must report that a worker is dead; then it is ended with the worker
REMOVING_SECONDS = 0.5  # that the scratch folder is removed here; a few milliseconds as a rule
WATCH_SECONDS = 0.1  # from one look at the learner's processes and files to the next
TORCH_BYTES = 512 * 1024**2  # more than Python and torch take by themselves
PREFIX_BYTES = 8
KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "SYSTEMROOT")


class HungUp(Exception):
    """The worker closed the channel: it died, or closed it."""


class TimedOut(Exception):
    """No whole reply came before the deadline."""


class Oversized(Exception):
    """A reply is larger than allowed, followed by something that nobody asked for, or there before the request was."""


class TooManyProcesses(Exception):
    """Learner code runs more processes at once than it may."""


class TooMuchMemory(Exception):
    """The processes of learner code take more memory together than one of them may."""


class TooMuchWritten(Exception):
    """Learner code has written more than it may; the text says which bound it has passed."""


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
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - without a name, so that no learner code can get at it
        self.channel: socket.socket | None = None
        self.output: Output | None = None
        self.nursery: subprocess.Popen[bytes] | None = None
        self.control: socket.socket | None = None
        self.has_loaded = False  # the nursery; it answers then
        self.waiting_for_fork = False
        self.core = pick_core()
        self.free_cores: set[int] | None = None  # what the parent may use when it is not held to one core
        self.watched = 0.0  # when the processes were last looked at
        adopt_orphans()
        stand_still_while_stopped()

    def start(self) -> None:
        """Start the nursery if there is none, and ask for a worker; waits for neither."""
        if self.channel is not None:
            return
        if self.nursery is None or self.nursery.poll() is not None:
            self._start_nursery()
        self._ask_for_worker()

    def _start_nursery(self) -> None:
        self.control, theirs = socket.socketpair()
        environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        environment |= {"HOME": str(self.scratch), "TMPDIR": str(self.scratch), "PYTHONDONTWRITEBYTECODE": "1"}
        # Threads that learner code asks PyTorch for share one core; busy waiting would keep the others from it.
        environment |= {"OMP_WAIT_POLICY": "PASSIVE"}
        command = [sys.executable, "-I", "-m", "grader.child", str(theirs.fileno())]
        self.nursery = subprocess.Popen(
            self.isolation.command(command, self.visible_folder, self.scratch, self.limits.scratch_bytes),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self.log,
            env=environment,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl-C in the terminal reaches the parent only
        )
        theirs.close()
        self.has_loaded = False

    def _ask_for_worker(self) -> None:
        assert self.control is not None
        self.channel, channel_end = socket.socketpair()
        self.channel.setblocking(False)
        if self.output is not None:
            self.output.close()
        read_end, write_end = os.pipe()
        self.output = Output(read_end, self.limits.output_bytes)
        request = {
            "do": "fork",
            "folder": str(self.folder),
            "limits": self.limits.as_dict(),
            "writable": [str(place) for place in self.isolation.writable(self.scratch)],
            "core": self.core,
            "fence": self.isolation.fence(self.folder, self.scratch),
            "walled_in": self.isolation.walls_in,
        }
        try:
            line = json.dumps(request).encode() + b"\n"
            sent = socket.send_fds(self.control, [line], [channel_end.fileno(), write_end])
            self.control.sendall(line[sent:])
        except OSError as problem:
            raise GraderError(f"the child does not start ({problem}): {self._log()}") from problem
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
        self.start()
        if self.waiting_for_fork:
            waited_from = awake_seconds()
            self._nursery_reply(START_SECONDS)
            self.waiting_for_fork = False
            self._share_core()
            deadline += awake_seconds() - waited_from
        assert self.channel is not None
        assert self.output is not None
        exchange = _Exchange(self.channel, self.output, frame, self.limits.reply_bytes)
        return exchange.run(deadline, self._watch)

    def _watch(self) -> None:
        """Look at the learner's processes now and then: the system's own limits let some things through.

        Its limit on processes exempts root's, and counts threads; its limit on memory looks at each process alone, and
        leaves out what is shared; its limit on files, too, looks at each alone.
        """
        if time.monotonic() < self.watched + WATCH_SECONDS:
            return
        assert self.nursery is not None
        ours = 3 if self.isolation.program else 1  # the worker; bubblewrap's own two processes, of which one is known
        processes = descendants(self.nursery.pid)
        if len(processes) - ours > self.limits.processes:
            raise TooManyProcesses
        if take_more_than(self.limits.memory_bytes + TORCH_BYTES, processes):
            raise TooMuchMemory
        if written := self._too_much_written(processes):
            raise TooMuchWritten(written)
        self.watched = time.monotonic()  # after the look, so that most of the time is for something else

    def _too_much_written(self, processes: set[int]) -> str:
        if not self.isolation.program:
            return too_much_written(self.limits, [self.scratch], processes)
        if not processes:
            return ""
        # All of them are inside, and the first one is bubblewrap's own. What is in memory has its bound there.
        folders = self.isolation.writable(self.scratch)
        return too_much_written(self.limits, [self.isolation.seen_from_outside(f, min(processes)) for f in folders])

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
        try:
            if self.waiting_for_fork:
                self._nursery_reply(START_SECONDS)
            assert self.control is not None
            self.control.sendall(json.dumps({"do": "end", "died": died}).encode() + b"\n")
            reply = self._nursery_reply(END_SECONDS + (DYING_SECONDS if died else 0.0))
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
        if self.channel is not None:
            self.channel.close()
            self.channel = None
        self.waiting_for_fork = False
        self._end_nursery(patience=END_SECONDS)
        if self.output is not None:
            self.output.close()
            self.output = None
        self.log.close()

    def _end_nursery(self, *, patience: float = 0.0) -> None:
        """End the nursery and all that descends from it.

        Args:
            patience: seconds in which it may do so by itself, if it has come so far. It alone can tell for certain that
                nothing is left.
        """
        if self.nursery is None:
            return
        if self.control is not None:
            self.control.close()
            self.control = None
        if not self.has_loaded or not _ends_well(self.nursery, patience):
            self._kill_nursery(self.nursery)
        self.nursery = None

    def _kill_nursery(self, nursery: subprocess.Popen[bytes]) -> None:
        if nursery.poll() is None:  # or its number may be another process's by now
            # Stopped, it still collects the orphans of its descendants, so that all of them are found below it.
            send_signal(nursery.pid, signal.SIGSTOP)
            end_descendants(nursery.pid)
            send_signal(nursery.pid, signal.SIGKILL, group=True)
            nursery.wait()
        # Had learner code killed the nursery, the orphans would be ours; their home folder tells them apart.
        end_descendants(os.getpid(), only=lambda process: has_in_environment(process, f"HOME={self.scratch}"))

    def _nursery_reply(self, seconds: float) -> dict[str, Any]:
        assert self.control is not None
        deadline = awake_seconds() + seconds
        text = b""
        while not text.endswith(b"\n"):
            if not _becomes_readable(self.control, deadline):
                raise GraderError(f"the child gave no sign for {seconds:g} s: {self._log()}")
            try:
                piece = self.control.recv(4096)
            except OSError:  # it ended with a request unread
                piece = b""
            if not piece:
                raise GraderError(f"the child's nursery has ended: {self._log()}")
            text += piece
        self.has_loaded = True
        reply = json.loads(text)
        return reply if isinstance(reply, dict) else {}

    def _log(self) -> str:
        start = max(0, os.fstat(self.log.fileno()).st_size - 2000)
        return os.pread(self.log.fileno(), 2000, start).decode(errors="replace") or "no message"


class _Exchange:
    """One request and its reply over a non-blocking channel, with the child's output drained meanwhile."""

    def __init__(self, channel: socket.socket, output: Output, frame: bytes, reply_bytes: int) -> None:
        self.channel, self.output = channel, output
        self.outgoing = memoryview(frame)
        self.incoming = bytearray()
        self.reply_bytes = reply_bytes

    def run(self, deadline: float, watch: Callable[[], None] = lambda: None) -> tuple[bytes, bytes]:
        """Return the reply's parts; `watch` is called again and again until the reply is complete."""
        self._refuse_what_is_early()
        readable: list[Any] = [self.channel, self.output.descriptor]
        while not self._complete():
            watch()
            left = deadline - awake_seconds()
            if left <= 0:
                raise TimedOut
            seconds = min(left, WATCH_SECONDS)
            ready, writable, _ = select.select(readable, [self.channel] if self.outgoing else [], [], seconds)
            if self.output.descriptor in ready and not self.output.drain():
                readable = [self.channel]  # learner code closed its output
            try:
                if writable:
                    self.outgoing = self.outgoing[self.channel.send(self.outgoing) :]
                if self.channel in ready:
                    self._receive()
            except BlockingIOError:
                pass
            except OSError as problem:
                raise HungUp from problem
        if self.outgoing:
            raise Oversized
        self.output.drain()
        text_end = PREFIX_BYTES + int.from_bytes(self.incoming[:4], "big")
        return bytes(self.incoming[PREFIX_BYTES:text_end]), bytes(self.incoming[text_end:])

    def _refuse_what_is_early(self) -> None:
        """Nothing may be there before the request is: it can only be learner code's own, or a second answer."""
        try:
            self._receive()
        except BlockingIOError:
            return
        except OSError as problem:
            raise HungUp from problem
        raise Oversized

    def _receive(self) -> None:
        piece = self.channel.recv(1 << 16)
        if not piece:
            raise HungUp
        self.incoming += piece

    def _complete(self) -> bool:
        if len(self.incoming) < PREFIX_BYTES:
            return False
        length = PREFIX_BYTES + sum(int.from_bytes(self.incoming[at : at + 4], "big") for at in (0, 4))
        if length > self.reply_bytes + PREFIX_BYTES or len(self.incoming) > length:
            raise Oversized
        return len(self.incoming) == length


def _becomes_readable(channel: socket.socket, deadline: float) -> bool:
    while (left := deadline - awake_seconds()) > 0:
        if select.select([channel], [], [], left)[0]:
            return True
    return False


def _remover(folder: Path) -> subprocess.Popen[bytes]:
    nothing = subprocess.DEVNULL
    command = [sys.executable, "-I", "-m", "grader.child.scratch", str(folder)]
    return subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)


def _ends_well(process: subprocess.Popen[bytes], seconds: float) -> bool:
    with suppress(subprocess.TimeoutExpired):
        return process.wait(seconds) == 0
    return False


def _how_it_ended(reply: dict[str, Any]) -> str:
    if (number := reply.get("signal")) is not None:
        named = number in {known.value for known in signal.Signals}  # most real-time signals have no name
        return f"was ended by {signal.Signals(number).name if named else f'signal {number}'}"
    if (status := reply.get("exit")) is not None:
        return f"left with exit status {status}"
    return ""
