"""One request to the worker and its reply: frames over a channel, with a deadline, while the output is drained."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from typing import Any

from grader.clock import awake_seconds
from grader.frame_prefix import PREFIX
from grader.submission.output import Output

LOOK_SECONDS = 0.1  # at most, from one call of `watch` to the next


class HungUp(Exception):
    """The worker closed the channel: it died, or closed it."""


class TimedOut(Exception):
    """No whole reply came before the deadline."""


class Oversized(Exception):
    """A reply is larger than allowed, followed by something that nobody asked for, or there before the request was."""


class Exchange:
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
            seconds = min(left, LOOK_SECONDS)
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
        text_length, _ = PREFIX.unpack_from(self.incoming)
        text_end = PREFIX.size + text_length
        return bytes(self.incoming[PREFIX.size : text_end]), bytes(self.incoming[text_end:])

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
        if len(self.incoming) < PREFIX.size:
            return False
        text_length, body_length = PREFIX.unpack_from(self.incoming)
        length: int = PREFIX.size + text_length + body_length
        if length > self.reply_bytes + PREFIX.size or len(self.incoming) > length:
            raise Oversized
        return len(self.incoming) == length
