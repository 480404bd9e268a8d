"""The parent's proxy of the submission: learner functions and objects that are called in the child.

Nothing of the learner's is ever imported here. A call returns plain data and `WireTensor`s, or raises one of
`LearnerError` and `CheckAborted` with a sentence for the learner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeGuard

import torch

from grader.clock import awake_seconds
from grader.errors import GraderError
from grader.frame_prefix import PREFIX
from grader.source import use
from grader.submission import reading
from grader.submission.exchange import HungUp, Oversized, TimedOut
from grader.submission.overruns import TooManyProcesses, TooMuchMemory, TooMuchWritten
from grader.submission.problems import OUT_OF_MEMORY, UNREADABLE, CheckAborted, location_from, problem_from
from grader.submission.process import ChildProcess
from grader.verdict import Outcome
from grader.wire import TEXT_GROWTH, Malformed, WireObject, WireTensor, pack, unpack

OnReply = Callable[[list[dict[str, Any]], dict[str, Any], int], None]

MOST_FILES = 50  # of a submission that are looked at for a reason
TOO_MANY_PROCESSES = "The code started more than {} processes at once, and was stopped. Start none."
TOO_MUCH_WRITTEN = "The code wrote more than {}, and was stopped. Write none."


@dataclass(frozen=True)
class Answer:
    """What came back from one call.

    Attributes:
        value: the result: plain data, `WireTensor` or `WireOpaque`.
        gradients: with `cotangent`: one gradient (or None) for each argument that requires one; None where the
            result carries no graph.
        arguments: with `echo`: the positional arguments as they are after the call.
    """

    value: Any
    gradients: list[Any] | None = None
    arguments: list[Any] | None = None


class Submission:
    """One submission folder and the child that holds it."""

    def __init__(self, process: ChildProcess) -> None:
        """Take over a child that has been started, or not yet."""
        self.process = process
        self.limits = limits = process.limits
        self.messages = 0  # sent so far
        self.objects = 0  # held so far
        self.pending: list[dict[str, Any]] = []  # requests that go out with the next one whose answer is needed
        # On the clock of `awake_seconds()`, like all deadlines.
        self.run_ends = awake_seconds() + limits.run_seconds
        self.check_ends = self.step_ends = self.run_ends
        self.on_reply: OnReply = lambda requests, reply, size: None  # told of each message, its reply and their bytes

    def begin_step(self) -> None:
        """Give the next step its own time, and a fresh worker: what the code of one step does to torch stays there."""
        self.step_ends = awake_seconds() + self.limits.step_seconds
        self.discard_worker()

    def discard_worker(self) -> None:
        """End the worker if there is one; the next request gets a fresh one."""
        if self.messages:
            self._replace_worker()

    def begin_check(self) -> None:
        """Give the next check its own time, and forget what was held and printed before it."""
        self.check_ends = min(awake_seconds() + self.limits.check_seconds, self.step_ends)
        self.pending = [{"do": "forget"}]
        self.seed_generators()
        self.process.begin_check()

    def seed_generators(self) -> None:
        """Let whatever the child draws next be what it drew after the last call of this."""
        self.later("seed")

    @property
    def run_is_over(self) -> bool:
        return awake_seconds() >= self.run_ends

    @property
    def step_is_over(self) -> bool:
        return awake_seconds() >= self.step_ends

    def accelerators(self, *, both_simulated: bool = False) -> list[str]:
        """Return the accelerators to check on: the simulated one, and the machine's own if it has one.

        Args:
            both_simulated: with the second one, "sim:1", which shows whether a device's index counts as well as its
                type. Nothing on it can be asked for gradients.

        Raises:
            CheckAborted: there is none of either kind, so that a device check cannot say anything.
        """
        hello = reading.exact_fields({"simulated", "accelerator"}, self.ask("hello"))
        found = ["sim:0", "sim:1"][: 1 + both_simulated] if hello.get("simulated") is True else []
        own = f"{torch.accelerator.current_accelerator()}:0" if torch.accelerator.is_available() else None
        if own is not None and hello.get("accelerator") == own:  # a made-up "cpu" would leave nothing to find out
            found.append(own)
        if not found:
            message = "This PyTorch has no simulated accelerator and the machine has no real one. Install torch 2.13."
            raise CheckAborted(Outcome.ERROR, message)
        return found

    def function(self, module: str, name: str) -> RemoteFunction:
        """Return the function or class `name` of the file `module`.py, or of a library module such as torch.optim."""
        return RemoteFunction(self, [module, name], name)

    def hold(self, value: Any) -> RemoteObject:
        """Keep a value, as a rule a tensor, in the child."""
        held = self.new_object()
        self.later("hold", number=held.reference.number, value=value)
        return held

    def new_object(self) -> RemoteObject:
        """Return the proxy of an object that is yet to be held, under a number of its own."""
        self.objects += 1
        return RemoteObject(self, WireObject(self.objects))

    def random_state(self) -> list[str]:
        """Return digests of the states of the child's random generators."""
        return reading.digests(self.ask("random_state"))

    def later(self, do: str, **arguments: Any) -> None:
        """Send a request whose answer nobody needs together with the next one; what it raises comes out there."""
        self.pending.append({"do": do, **_outgoing(arguments)})

    def ask(self, do: str, **arguments: Any) -> Any:
        """Send one request, after those that wait, and return its answer.

        Raises:
            LearnerError: learner code raised.
            CheckAborted: no answer will come, or none that can be read.
        """
        self.later(do, **arguments)
        requests, self.pending = self.pending, []
        reply = self.exchange(requests)
        if "answer" not in reply:
            raise problem_from(reply.get("problem"))
        return reply["answer"]

    def exchange(self, requests: list[dict[str, Any]]) -> dict[str, Any]:
        """Send these requests as one message and return the reply as it came, with an answer or a problem.

        Raises:
            CheckAborted: no reply will come, or none that can be read.
        """
        self.messages += 1
        frame = pack({"id": self.messages, "requests": requests})
        started = awake_seconds()
        deadline = min(started + self.limits.call_seconds, self.check_ends, self.run_ends)
        try:
            text, body = self.process.exchange(frame, deadline)
            reply = unpack(text, body)
            if not _is_reply(reply) or reply["id"] != self.messages:
                raise Malformed("not the reply to this request")
        except TimedOut:
            self._replace_worker()
            raise CheckAborted(Outcome.TIMEOUT, self._time_message(deadline - started)) from None
        except HungUp:
            raise CheckAborted(Outcome.CRASHED, self._crash_message(self._replace_worker(died=True))) from None
        except TooManyProcesses:
            self._replace_worker()
            raise CheckAborted(Outcome.ERROR, TOO_MANY_PROCESSES.format(self.limits.processes)) from None
        except TooMuchMemory:
            self._replace_worker()
            raise CheckAborted(Outcome.ERROR, OUT_OF_MEMORY) from None
        except TooMuchWritten as bound:
            self._replace_worker()
            raise CheckAborted(Outcome.ERROR, TOO_MUCH_WRITTEN.format(bound)) from None
        except (Malformed, Oversized, MemoryError):
            self._replace_worker()
            raise CheckAborted(Outcome.ERROR, UNREADABLE) from None
        self.on_reply(requests, reply, _size(frame) + TEXT_GROWTH * len(text) + len(body))
        return reply

    def _replace_worker(self, *, died: bool = False) -> str:
        return self.process.end_worker(died=died)

    def _time_message(self, seconds: float) -> str:
        if self.run_is_over:
            return f"The whole run took longer than {self.limits.run_seconds:g} s and was stopped."
        if self.step_is_over:
            return f"The checks of this step took longer than {self.limits.step_seconds:g} s in all and were stopped."
        if awake_seconds() >= self.check_ends:
            return f"This check took longer than {self.limits.check_seconds:g} s in all and was stopped."
        why = "Is there a loop that never ends?"
        if use(islice(self.process.folder.glob("*.py"), MOST_FILES), "torch.compile"):
            why += " Or is it torch.compile, which translates the code in its first call? Leave it out."
        return f"No answer within {seconds:.0f} s, so the call was stopped. {why}"

    def _crash_message(self, how: str) -> str:
        if not self.process.finds_folder:
            return f"{self.process.folder.name} is gone, or may not be read any more. Grade again when it is back."
        end = f"it {how}" if how else "it hung up"
        return f"The learner process died during this call: {end}. Look for an exit, a crash or a lack of memory."


def _is_reply(message: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(message, dict) and message.keys() in ({"id", "answer"}, {"id", "problem"})


def _size(frame: bytes) -> int:
    """Return how many bytes a message takes, at most."""
    text_length, body_length = PREFIX.unpack_from(frame)
    return int(TEXT_GROWTH * text_length + body_length)


def _outgoing(value: Any) -> Any:
    """Replace proxies by references to what they stand for."""
    if isinstance(value, RemoteObject):
        return value.reference
    if isinstance(value, list | tuple):
        return type(value)(_outgoing(item) for item in value)
    if isinstance(value, dict):
        return {key: _outgoing(item) for key, item in value.items()}
    return value


class RemoteFunction:
    """A function of the submission. Calling it returns the value; `call` returns everything."""

    def __init__(self, submission: Submission, target: list[Any], name: str) -> None:
        self.submission = submission
        self.target = target
        self.name = name

    def __repr__(self) -> str:
        return self.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(*args, kwargs=kwargs).value

    def call(self, *args: Any, kwargs: dict[str, Any] | None = None, **options: Any) -> Answer:
        """Call with options: `no_grad`, `seed`, `machine`, `cotangent`, `echo`; see `Worker.do_call`."""
        names = {"value"}
        names |= {"gradients"} if options.get("cotangent") is not None else set()
        names |= {"arguments"} if options.get("echo") else set()
        answer = self.submission.ask("call", target=self.target, args=list(args), kwargs=kwargs or {}, **options)
        answer = reading.exact_fields(names, answer)
        gradients, arguments = answer.get("gradients"), answer.get("arguments")
        differentiated = sum(isinstance(argument, WireTensor) and argument.requires_grad for argument in args)
        if not _is_list(gradients, differentiated) or not _is_list(arguments, len(args)):
            raise CheckAborted(Outcome.ERROR, UNREADABLE)
        return Answer(answer["value"], gradients, arguments)

    def hold(self, *args: Any, kwargs: dict[str, Any] | None = None, **options: Any) -> RemoteObject:
        """Call, and keep the result in the child. The call is made with the next one whose answer is needed.

        With options: `no_grad`, `seed`; see `Worker.do_call`.
        """
        held = self.submission.new_object()
        number = held.reference.number
        self.submission.later("call", target=self.target, args=list(args), kwargs=kwargs or {}, hold=number, **options)
        return held

    def location(self) -> str | None:
        """Return "file.py:line" of the definition, None where it cannot be told."""
        try:
            place = self.submission.ask("place", target=self.target)
        except (Exception, CheckAborted, GraderError):
            return None
        if not isinstance(place, list) or len(place) != 2 or place[1] is None:
            return None
        return location_from(*place)


class RemoteObject:
    """An object that stays in the child: a model, an optimiser, a tensor of a graph."""

    def __init__(self, submission: Submission, reference: WireObject) -> None:
        self.submission = submission
        self.reference = reference

    def method(self, name: str) -> RemoteFunction:
        """Return a method, or with an empty name the object's own call."""
        return RemoteFunction(self.submission, [self.reference, name], name)

    def fetch(self) -> Any:
        """Return the object's value."""
        return self.submission.ask("fetch", reference=self.reference)

    def train(self, mode: bool = True) -> None:
        """Switch a module to training mode, or with False to evaluation mode."""
        self.method("train").hold(mode)

    def modes(self) -> dict[str, bool]:
        """Return `training` of the module and of every module inside it, by name ("" is the module itself)."""
        return reading.modes(self.submission.ask("modes", reference=self.reference))

    def float_attributes(self) -> dict[str, float]:
        """Return the attributes of type float of the module and of those inside it, by name."""
        return reading.float_attributes(self.submission.ask("float_attributes", reference=self.reference))

    def state(self) -> dict[str, Any]:
        """Return parameters and buffers by name."""
        return reading.fields(self.submission.ask("state", reference=self.reference))

    def gradients(self) -> dict[str, Any]:
        """Return the gradient of each parameter by name, None where there is none."""
        return reading.gradients(self.submission.ask("gradients", reference=self.reference))

    def fill_gradients(self, value: float) -> None:
        """Leave gradients of this value behind, as an earlier step would."""
        self.submission.later("fill_gradients", reference=self.reference, value=value)

    def observe(self) -> None:
        """Note from now on in which mode the modules are called."""
        self.submission.later("observe", reference=self.reference)

    def observed(self) -> Sequence[dict[str, bool]]:
        """Return the distinct notes: `training` and `gradients`, each True or False."""
        return reading.notes(self.submission.ask("observed", reference=self.reference))


def _is_list(value: Any, length: int) -> bool:
    """True for None and for a list of this length: what a part of an answer that is not always there may be."""
    return value is None or (isinstance(value, list) and len(value) == length)
