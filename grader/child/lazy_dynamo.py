"""Keep PyTorch's optimisers from importing the compiler, which takes as long as importing torch itself.

`Optimizer.__init__` and `Optimizer.step` import `torch._dynamo` for two things that do nothing outside a compiled
function: `disable` and `graph_break`. A stand-in answers these two, and fetches the real module the moment that
anything else is asked of it, so that `torch.compile` in learner code still works. Where PyTorch has changed, nothing
is replaced and only time is lost.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import types
from typing import Any

import torch

NAME = "torch._dynamo"


class _StandIn(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":
            raise AttributeError(name)  # `inspect` looks at every loaded module; that is no use of it
        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
            importlib.import_module(NAME)
        # While the real module is being imported, `torch._dynamo` is still this stand-in.
        return getattr(sys.modules[NAME], name)

    @staticmethod
    def disable(function: Any = None, recursive: bool = True, **_: Any) -> Any:
        if function is None:
            return lambda later: later
        return function

    @staticmethod
    def graph_break(*_: Any, **__: Any) -> None:
        return None


def delay_dynamo() -> None:
    """Put the stand-in in place, unless the real module is loaded already."""
    if NAME not in sys.modules:
        stand_in = _StandIn(NAME)
        stand_in.__spec__ = importlib.util.find_spec(NAME)  # read on every `import torch._dynamo`
        sys.modules[NAME] = stand_in
        torch._dynamo = stand_in
