"""The worker: holds the learner's code and does what the parent asks, one request at a time.

A message is a dict with `id` and `requests`, a list of dicts with `do` (the name of a method `do_...` below) and that
method's arguments. They are done in order, up to the first that fails. The reply is a dict with the same `id` and
either `answer`, that of the last request, or `problem`. The worker compares nothing and decides nothing.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import io
import os
import pickle
import random
import socket
import sys
from contextlib import ExitStack, suppress
from random import getstate
from typing import Any

import torch
from torch import get_rng_state, set_float32_matmul_precision  # by name: learner code may put others in their place

from grader.child import simulated_accelerator
from grader.child.learner_files import LearnerFiles, Problem
from grader.child.observer import Observer
from grader.child.pretend_machine import pretend_machine
from grader.child.values import HeldObjects, to_wire
from grader.frame_prefix import PREFIX
from grader.wire import MAX_TEXT_BYTES, WireObject, pack, unpack

REAL_ACCELERATORS = ("cuda", "mps", "xpu")  # of which a machine has one at most
# Standard-library modules that torch may import late: loaded before a learner's file of the same name can be found.
PRELOADED = ("json", "random", "statistics", "typing", "logging", "copy", "pickle", "queue", "types", "string", "token")


def preload() -> None:
    """Import, once and ahead of every fork, library modules whose names a learner's files may have."""
    for name in PRELOADED:
        importlib.import_module(name)


def serve(channel: socket.socket, folder: str, limits: dict[str, Any]) -> None:
    """Answer the parent's requests until it hangs up.

    Args:
        channel: this end of the parent's stream socket.
        folder: the submission.
        limits: `reply_bytes` is the largest reply, in bytes.
    """
    worker = Worker(folder)
    # A learner's helper may be called grader.py: nothing of ours is imported by name from here on.
    for name in [name for name in sys.modules if name == "grader" or name.startswith("grader.")]:
        del sys.modules[name]
    # A process that learner code forks must not answer for the worker, nor hide its end by holding the channel open.
    os.register_at_fork(after_in_child=functools.partial(_close, channel.fileno()))
    stream = channel.makefile("rb")
    while True:
        prefix = stream.read(PREFIX.size)
        if len(prefix) < PREFIX.size:
            return
        text_length, body_length = PREFIX.unpack(prefix)
        message = unpack(_exactly(stream, text_length), _exactly(stream, body_length))
        channel.sendall(_fitting(worker.reply(message), message["id"], limits["reply_bytes"]))


def _close(descriptor: int) -> None:
    with suppress(OSError):
        os.close(descriptor)


def _exactly(stream: io.BufferedReader, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError("the parent hung up in the middle of a request")
    return data


def _fitting(reply: dict[str, Any], number: int, limit: int) -> bytes:
    frame = pack(reply)
    text_length, _ = PREFIX.unpack_from(frame)
    if len(frame) <= limit and text_length <= MAX_TEXT_BYTES:
        return frame
    limit = limit if len(frame) > limit else MAX_TEXT_BYTES
    text = f"{len(frame):,} bytes, and the limit is {limit:,}"
    return pack({"id": number, "problem": Problem("reply", text=text).facts})


class Worker:
    """The state of one worker, and what can be asked of it."""

    def __init__(self, folder: str) -> None:
        self.real_accelerator = _real_accelerator()
        # torch.manual_seed() keeps a traceback for each kind of device that is not there, 0.1 ms each time.
        self.seed_torch = torch.manual_seed if self.real_accelerator else torch.default_generator.manual_seed
        self.simulated = simulated_accelerator.register()
        self.files = LearnerFiles(folder)
        self.held = HeldObjects()
        self.observers: dict[int, Observer] = {}

    def reply(self, message: dict[str, Any]) -> dict[str, Any]:
        """Do the requests of one message; whatever learner code raises ends up in the reply."""
        answer = None
        try:
            for request in message["requests"]:
                arguments = {key: value for key, value in request.items() if key != "do"}
                answer = getattr(self, f"do_{request['do']}")(**arguments)
            reply = {"id": message["id"], "answer": answer}
        except BaseException as error:
            reply = {"id": message["id"], "problem": self.files.describe(error, "call").facts}
        for name in ("stdout", "stderr"):
            with suppress(BaseException):  # the learner closed, replaced or deleted it
                getattr(sys, name).flush()
        return reply

    def do_hello(self) -> dict[str, Any]:
        """Say which devices there are."""
        return {"simulated": self.simulated, "accelerator": self.real_accelerator}

    def do_call(
        self,
        target: Any,
        args: list[Any],
        kwargs: dict[str, Any],
        *,
        hold: int | None = None,
        no_grad: bool = False,
        seed: int | None = None,
        machine: str | None = None,
        cotangent: Any = None,
        echo: bool = False,
    ) -> dict[str, Any]:
        """Call a function, a class, an object or its method.

        Args:
            target: `[module, name]` or `[object, method name or ""]`.
            hold: keep the result under this number instead of answering with its value.
            no_grad: call inside `torch.no_grad()`.
            seed: seed the global random generators just before the call.
            machine: run the files anew and call, on a machine pretended to have this accelerator.
            cotangent: multiply the result with this, sum, differentiate, and answer `gradients` too: one for each
                argument that requires a gradient, None where it got none.
            echo: answer the tensor arguments too, as they are after the call.
        """
        live_args = self.held.revive(args)
        live_kwargs = self.held.revive(kwargs)
        wanted = [leaf for leaf in live_args if isinstance(leaf, torch.Tensor) and leaf.requires_grad]
        with ExitStack() as around:
            if machine is not None:
                around.enter_context(pretend_machine(machine))
                around.enter_context(self.files.anew())
            function = self._function(target)
            # A learner's file may ask for less when it is imported, as is usual with a GPU. What is right would then be
            # wrong, and only on processors that have bfloat16.
            set_float32_matmul_precision("highest")
            if no_grad:
                around.enter_context(torch.no_grad())
            if seed is not None:
                self.do_seed(seed)
            try:
                result = function(*live_args, **live_kwargs)
            except TypeError:
                self.files.check_signature(function, live_args, live_kwargs)
                raise
        answer: dict[str, Any] = {}
        if hold is not None:
            self.held.hold(hold, result)
        else:
            answer["value"] = to_wire(result)
        if cotangent is not None:
            answer["gradients"] = self._gradients_of(wanted, result, cotangent)
        if echo:
            answer["arguments"] = [to_wire(argument) for argument in live_args]
        return answer

    def _function(self, target: Any) -> Any:
        owner, name = target
        if isinstance(owner, str):
            return self.files.find(owner, name)
        live = self.held.get(owner)
        return getattr(live, name) if name else live

    def _gradients_of(self, wanted: list[torch.Tensor], result: Any, cotangent: Any) -> list[Any] | None:
        if not isinstance(result, torch.Tensor) or not result.requires_grad:
            return None
        (result * self.held.revive(cotangent)).sum().backward()
        return [to_wire(argument.grad) for argument in wanted]

    def do_place(self, target: Any) -> list[Any]:
        """Say in which file and line the target is defined."""
        return list(self.files.place_of(self._function(target)))

    def do_hold(self, number: int, value: Any) -> None:
        """Keep a value (as a rule a tensor) under this number."""
        self.held.hold(number, self.held.revive(value))

    def do_forget(self) -> None:
        """Let go of everything that is held."""
        self.held.forget()
        self.observers.clear()

    def do_fetch(self, reference: WireObject) -> Any:
        """Answer with the value of a held object."""
        return to_wire(self.held.get(reference))

    def do_modes(self, reference: WireObject) -> dict[str, bool]:
        """Answer with `training` of a held module and of every module inside it."""
        return {name: bool(module.training) for name, module in self.held.get(reference).named_modules()}

    def do_float_attributes(self, reference: WireObject) -> dict[str, float]:
        """Answer with the attributes of type float, a rate say, of a held module and of every module inside it."""
        modules = self.held.get(reference).named_modules()
        return {
            f"{path}.{name}".lstrip("."): value
            for path, module in modules
            for name, value in vars(module).items()
            if type(value) is float
        }

    def do_state(self, reference: WireObject) -> dict[str, Any]:
        """Answer with the parameters and buffers of a held module."""
        return {name: to_wire(value) for name, value in self.held.get(reference).state_dict().items()}

    def do_gradients(self, reference: WireObject) -> dict[str, Any]:
        """Answer with the gradient of every parameter of a held module (None where there is none)."""
        return {name: to_wire(value.grad) for name, value in self.held.get(reference).named_parameters()}

    def do_fill_gradients(self, reference: WireObject, value: float) -> None:
        """Leave gradients behind in a held module, as an earlier step would."""
        for parameter in self.held.get(reference).parameters():
            parameter.grad = torch.full_like(parameter, value)

    def do_observe(self, reference: WireObject) -> None:
        """Note from now on in which mode every module inside a held module is called."""
        self.observers[reference.number] = Observer(self.held.get(reference))

    def do_observed(self, reference: WireObject) -> list[dict[str, Any]]:
        """Stop observing, and answer with what was noted."""
        return self.observers.pop(reference.number).finish()

    def do_seed(self, number: int = 0) -> None:
        """Bring the global random generators to a fixed state, so that an example always ends in the same way."""
        self.seed_torch(number)
        random.seed(number)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(number)

    def do_random_state(self) -> list[str]:
        """Answer with digests of the states of PyTorch's, Python's and NumPy's global random generators."""
        states = [get_rng_state().numpy().tobytes(), repr(getstate()).encode()]
        if "numpy" in sys.modules:
            states.append(pickle.dumps(sys.modules["numpy"].random.get_state()))
        return [hashlib.sha256(state).hexdigest() for state in states]


def _real_accelerator() -> str | None:
    # Asked in the worker, not in the nursery: a GPU driver does not survive a fork. And not asked of torch.accelerator,
    # which knows one accelerator only, and that is the simulated one by now.
    kinds = (kind for kind in REAL_ACCELERATORS if torch.get_device_module(kind).is_available())
    return next((f"{kind}:0" for kind in kinds), None)
