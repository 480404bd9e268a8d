"""The decorator that makes a pytest function a check."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

Body = Callable[..., None]


def check(*, of: str, examples: int = 1, **draws: SearchStrategy[Any]) -> Callable[[Body], Body]:
    """Make a function a check that must hold for `examples` examples.

    Args:
        of: "module:name" of the learner's function or class that is checked. The `function` fixture is its proxy, and
            its definition is the place that a failure points at.
        examples: how many examples a pass needs. With `draws`, Hypothesis draws them; without, the function runs
            once; if it has more than one example, it counts them with `trial.count()`.
        draws: strategies for the function's keyword arguments; its other arguments are pytest fixtures.

    The function's docstring is the title that the learner reads.
    """

    def decorate(body: Body) -> Body:
        if not (body.__doc__ or "").strip():
            raise TypeError(f"{body.__name__} needs a docstring: it is the line that the learner reads")
        marked = _drawn(_recorded(body, tuple(draws)), examples, draws) if draws else body
        # What the runner reads; to mypy a function has no attributes of its own.
        marked.required_examples = examples  # type: ignore[attr-defined]
        marked.checks = tuple(of.split(":"))  # type: ignore[attr-defined]
        return marked

    return decorate


def _drawn(body: Body, examples: int, draws: dict[str, SearchStrategy[Any]]) -> Body:
    configured = settings(
        max_examples=examples,
        database=None,  # the same files get the same verdict; the runner sets the seed
        derandomize=False,
        deadline=None,  # time is the submission's limits' affair
        print_blob=False,
        report_multiple_bugs=False,  # one counterexample, the smallest
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    drawn = given(**draws)(body)
    # A key for the database of Hypothesis, which is off. Without it, one is made of the source of the body each time.
    drawn._hypothesis_internal_database_key = b""  # type: ignore[attr-defined]
    return configured(drawn)


def _recorded(body: Body, drawn: tuple[str, ...]) -> Body:
    """Tell the `trial` fixture of each example: what was drawn, and that it held."""
    parameters = list(inspect.signature(body).parameters.values())
    takes_trial = any(parameter.name == "trial" for parameter in parameters)
    if not takes_trial:
        parameters = [inspect.Parameter("trial", inspect.Parameter.POSITIONAL_OR_KEYWORD), *parameters]
    signature = inspect.Signature(parameters)

    @functools.wraps(body)
    def recorded(*args: Any, **kwargs: Any) -> None:
        arguments = signature.bind(*args, **kwargs).arguments
        trial = arguments["trial"] if takes_trial else arguments.pop("trial")
        with trial.example({name: arguments[name] for name in drawn}):
            body(**arguments)

    recorded.__signature__ = signature  # type: ignore[attr-defined]  # read by pytest and Hypothesis
    return recorded
