"""Notes the conditions under which the modules of a model are called: in which mode, with a graph for gradients or not.

There is none with gradients switched off, and none with all weights frozen; a module that has no weights, a dropout
layer say, counts with those of the whole model.
"""

from __future__ import annotations

from typing import Any

from torch import is_grad_enabled, nn  # by name: learner code may put another function in its place

MAX_NOTES = 10_000


class Observer:
    """Forward pre-hooks on a module and on every module inside it, taken off again by `finish`."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.notes: list[dict[str, Any]] = []
        self.hooks = [inner.register_forward_pre_hook(self._note) for inner in module.modules()]

    def __deepcopy__(self, memo: dict[int, Any]) -> Observer:
        """Go on observing a copy of the module: its hooks are copies too, and note here as well."""
        return self

    def _note(self, module: nn.Module, args: Any) -> None:
        if len(self.notes) < MAX_NOTES:
            weights = list(module.parameters()) or self.module.parameters()
            gradients = is_grad_enabled() and any(weight.requires_grad for weight in weights)
            self.notes.append({"training": bool(module.training), "gradients": gradients})

    def finish(self) -> list[dict[str, Any]]:
        """Take the hooks off; return each distinct note once, in the order of first appearance."""
        for hook in self.hooks:
            hook.remove()
        return [dict(note) for note in dict.fromkeys(tuple(note.items()) for note in self.notes)]
