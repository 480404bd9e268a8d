"""A wait with an end: calls a function that may hang on the network and gives up after some seconds."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")


class _Call(threading.Thread, Generic[Result]):
    """A daemon thread, so that a call that has been given up never holds the process back at its end."""

    def __init__(self, function: Callable[[], Result]) -> None:
        super().__init__(daemon=True)
        self.function = function
        self.results: list[Result] = []
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self.results.append(self.function())
        except Exception as error:
            self.error = error


def call_within(seconds: float, function: Callable[[], Result]) -> Result:
    """The function's result or its exception; `TimeoutError` if neither is there after `seconds`."""
    call = _Call(function)
    call.start()
    call.join(seconds)
    if call.error is not None:
        raise call.error
    if not call.results:
        raise TimeoutError(f"no answer within {seconds:g} seconds")
    return call.results[0]
