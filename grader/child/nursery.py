"""The nursery: a clean process with torch loaded, from which each worker is forked.

Importing torch takes a second or more; forking a process that has it takes a few milliseconds. So the parent starts
one nursery when the command starts, and a worker that died is replaced by another fork. No learner code runs in here.

The parent sends one JSON object a line, waits, and gets one back:

    {"do": "fork", "folder": "...", "limits": {...}, "writable": ["..."], "core": 1|null, "fence": {...},
     "walled_in": true|false}

empties the folders that may be written to, so that no worker finds what another one has left, and forks a worker on
that core (null: any) behind that fence (see `landlock.restrict`; empty: none) and the filter of `system_calls`, which
lets more through where other walls stand around it; two descriptors come with it, the worker's channel and its output
pipe.

    {"do": "end", "died": true|false}

ends the worker and all that descends from it; "died" says that it hung up, so that its own end is worth a short wait.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from grader.child.descendants import adopt_orphans, end_children, end_descendants, is_process, reap, send_signal
from grader.child.first_calls import make_first_calls
from grader.child.landlock import restrict
from grader.child.lazy_dynamo import delay_dynamo
from grader.child.limits import apply_limits
from grader.child.privileges import give_up_privileges
from grader.child.scratch import empty_folder
from grader.child.system_calls import can_refuse, refuse_system_calls
from grader.loading import loading

MESSAGE_BYTES = 65536
DYING_SECONDS = 1.0  # from a closed channel to a process that can be waited for; a few milliseconds as a rule
# Of each of the three attempts in `end`, together less than the parent waits; a few milliseconds as a rule.
KILLING_SECONDS = 0.2


def run_nursery(control: socket.socket) -> None:
    """Serve the parent's requests until it hangs up; return when nothing is left of what learner code started.

    Args:
        control: this end of the parent's stream socket.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's affair
    adopt_orphans()
    with loading():
        import torch

        torch.set_num_threads(1)  # the tensors are small, and OpenMP threads would not survive a fork
        delay_dynamo()
        from grader.child import simulated_accelerator, worker  # loads all that a worker needs, before the first fork

        worker.preload()
        simulated_accelerator.register()  # in a fork it would take a tenth of a second, each time
        can_refuse()  # and this, which looks for the C library, some milliseconds
        if sys.platform == "linux":
            make_first_calls()  # elsewhere the system's own libraries may not bear it on both sides of a fork
    nursery = _Nursery(control, worker)
    while request := _receive(control):
        text, descriptors = request
        reply = nursery.answer(json.loads(text), descriptors)
        with suppress(OSError):  # it has hung up, as the next attempt to receive will tell
            control.sendall(json.dumps(reply).encode() + b"\n")
    # Should this go on for long, the parent loses patience; but as long as we are here, it finds what is left below us.
    while not nursery.end()["clean"]:
        time.sleep(0.01)


def _receive(control: socket.socket) -> tuple[bytes, list[int]] | None:
    """Return the next request and the descriptors that come with it, None if the parent has hung up."""
    try:
        text, descriptors, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 2)
        while text and not text.endswith(b"\n"):  # the fence can be long
            piece = control.recv(MESSAGE_BYTES)
            text = text + piece if piece else b""
    except OSError:  # it hung up with a reply unread
        return None
    return (text, descriptors) if text else None


class _Nursery:
    def __init__(self, control: socket.socket, worker_module: Any) -> None:
        self.control = control
        self.worker_module = worker_module
        self.worker = 0

    def answer(self, request: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        if request["do"] == "fork":
            return self.fork(request, descriptors)
        return self.end(died=request["died"])

    def fork(self, request: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        for folder in request["writable"]:
            empty_folder(Path(folder))
        process = os.fork()
        if process == 0:
            self.control.close()
            self.become_worker(request, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        self.worker = process
        return {}

    def become_worker(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """Turn this fork into a worker; never returns."""
        status = 70  # EX_SOFTWARE: the worker's own loop failed
        try:
            channel, output = descriptors
            os.setsid()  # a session and process group of its own: killed as one, and no terminal to read from
            _redirect_standard_streams(output)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.chdir(request["folder"])
            if request["core"] is not None:
                os.sched_setaffinity(0, {request["core"]})  # the parent's: they take turns
            apply_limits(request["limits"])
            give_up_privileges()
            if request["fence"]:
                restrict(**request["fence"])
            refuse_system_calls(walled_in=request["walled_in"])
            self.worker_module.serve(socket.socket(fileno=channel), request["folder"], request["limits"])
            status = 0
        finally:
            os._exit(status)

    def own_end(self, seconds: float) -> int | None:
        """Wait up to `seconds` for a worker that has hung up to be gone; its wait status, None while it lives."""
        deadline = time.monotonic() + seconds
        while True:
            status = reap().get(self.worker)
            if status is not None or time.monotonic() >= deadline or not is_process(self.worker):
                return status
            time.sleep(0.001)

    def end(self, *, died: bool = False) -> dict[str, Any]:
        """End the worker and its descendants; answer how the worker ended, if it had ended by itself."""
        status = self.own_end(DYING_SECONDS if died else 0.0)
        if self.worker:
            send_signal(self.worker, signal.SIGKILL, group=True)
        clean = end_children(KILLING_SECONDS)
        if not clean:  # too many: they are stopped first, so that none of them forks any more
            end_descendants(os.getpid(), seconds=KILLING_SECONDS)
            clean = end_children(KILLING_SECONDS)
        self.worker = 0
        return {"clean": clean, **_describe_status(status)}


def _describe_status(status: int | None) -> dict[str, Any]:
    if status is None:
        return {}
    if os.WIFSIGNALED(status):
        return {"signal": os.WTERMSIG(status)}
    return {"exit": os.WEXITSTATUS(status)}


def _redirect_standard_streams(output: int) -> None:
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for descriptor in (empty, output):
        os.close(descriptor)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - lives as long as the process
    # The nursery's own streams were set up for other descriptors; line buffering keeps a crash's last words. The dunder
    # names are constants to mypy, but learner code may print to them.
    sys.stdout = sys.__stdout__ = open(1, "w", buffering=1, closefd=False, errors="replace")  # type: ignore[misc]  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", buffering=1, closefd=False, errors="replace")  # type: ignore[misc]  # noqa: SIM115
