"""Unusual right answers of the steps that are about tensors: log-softmax, loss and devices."""

from __future__ import annotations

import textwrap

from tests.submissions import Answer


def source(name: str, file: str, text: str, **beside: str) -> Answer:
    names = {path.replace("__slash__", "/"): textwrap.dedent(content) for path, content in beside.items()}
    return Answer(
        name, file, source=textwrap.dedent(text).lstrip("\n"), beside={f"{n}.py": t for n, t in names.items()}
    )


def log_softmax(name: str, text: str, **beside: str) -> Answer:
    return source(name, "log_softmax.py", text, **beside)


def loss(name: str, text: str, **beside: str) -> Answer:
    return source(name, "final_token_loss.py", text, **beside)


def devices(name: str, *, top: str = "", **bodies: str) -> Answer:
    first = "import torch\n"
    edits = {f'"""\n\n{first}': f'"""\n\n{textwrap.dedent(top).strip()}\n{first}'} if top else {}
    return Answer(name, "devices.py", bodies=bodies, edits=edits)


LOG_SOFTMAX = (
    log_softmax("prints a thousand lines in every call", """
        import torch

        def log_softmax(logits):
            for number in range(1000):
                print(f"line {number}: {logits.shape} \\x1b[31mred\\x1b[0m \\N{SNOWMAN}")
            return logits - logits.logsumexp(-1, keepdim=True)
    """),
    log_softmax("nn.LogSoftmax in a module of its own", """
        from torch import nn

        class LogSoftmax(nn.Module):
            def __init__(self):
                super().__init__()
                self.inner = nn.Sequential(nn.Identity(), nn.LogSoftmax(dim=-1))

            def forward(self, logits):
                return self.inner(logits)

        log_softmax = LogSoftmax()
    """),
    log_softmax("logs every call", """
        import logging
        import torch

        logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(process)d %(levelname)s %(message)s")
        log = logging.getLogger(__name__)

        def log_softmax(logits: torch.Tensor) -> torch.Tensor:
            log.debug("logits %s", tuple(logits.shape))
            log.error("this is not an error")
            return torch.nn.functional.log_softmax(logits, -1)
    """),
    log_softmax("a byte order mark and line ends of Windows", '''
        """Größe, naïve, 日本語."""
        import torch


        def log_softmax(logits):
            größte = logits.amax(-1, keepdim=True)
            return (logits - größte) - (logits - größte).exp().sum(-1, keepdim=True).log()
    '''),
    log_softmax("Latin-1 with a cookie that says so", """
        # -*- coding: latin-1 -*-
        # Die Wahrscheinlichkeiten für größere Wörter
        import torch

        MESSAGE = "naïve façade"
        assert len(MESSAGE) == 12

        def log_softmax(logits):
            return torch.special.log_softmax(logits, -1)
    """),
    log_softmax("a package of helpers with relative imports", """
        from helpers import stable
        from helpers.stable import minus_log_sum

        def log_softmax(logits):
            assert stable.minus_log_sum is minus_log_sum
            return minus_log_sum(logits)
    """, helpers__slash____init__="from . import stable\n\n__all__ = ['stable']\n", helpers__slash__stable="""
        from .deep.sums import log_sum

        def minus_log_sum(logits):
            return logits - log_sum(logits)
    """, helpers__slash__deep__slash__sums="""
        import torch

        def log_sum(logits):
            return torch.logsumexp(logits, -1, keepdim=True)
    """),
    log_softmax("helpers with the names of libraries", """
        import grader
        import helper_statistics as statistics
        import utils

        def log_softmax(logits):
            return utils.subtract(logits, statistics.log_total(logits)) + grader.NOTHING
    """, grader="NOTHING = 0\n", utils="""
        def subtract(a, b):
            return a - b
    """, helper_statistics="""
        def log_total(logits):
            return logits.logsumexp(dim=-1, keepdim=True)
    """),
    log_softmax("autocast that is switched off", """
        import torch

        def log_softmax(logits):
            with torch.autocast(logits.device.type, enabled=False):
                return torch.log_softmax(logits, dim=-1)
    """),
)  # fmt: skip

LOSS = (
    loss("torch.distributions", """
        from torch.distributions import Categorical

        def final_token_loss(logits, targets):
            return -Categorical(logits=logits[:, -1]).log_prob(targets[:, -1]).mean()
    """),
    loss("warns in every call", """
        import warnings
        import torch.nn.functional as F

        warnings.simplefilter("always")

        def final_token_loss(logits, targets):
            warnings.warn("the loss is only taken at the end", UserWarning, stacklevel=2)
            warnings.warn("an old way", DeprecationWarning)
            return F.cross_entropy(logits[:, -1], targets[:, -1])
    """),
    loss("threads of Python", """
        from concurrent.futures import ThreadPoolExecutor
        import torch

        def one(row_and_target):
            row, target = row_and_target
            return torch.logsumexp(row, 0) - row[target]

        def final_token_loss(logits, targets):
            with ThreadPoolExecutor(max_workers=4) as pool:
                losses = list(pool.map(one, zip(logits[:, -1], targets[:, -1])))
            return torch.stack(losses).mean()
    """),
    loss("a dataclass with defaults, cached", """
        from __future__ import annotations

        import functools
        from dataclasses import dataclass, field
        from typing import ClassVar

        import torch


        @dataclass(frozen=True, slots=True, order=True)
        class Loss:
            unit: ClassVar[str] = "nats"
            position: int = -1
            scale: float = field(default=1.0, repr=False)

            def __call__(self, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
                last = logits[:, self.position].log_softmax(-1)
                return -self.scale * last.gather(1, targets[:, self.position, None]).mean()


        @functools.cache
        def make_loss(position: int = -1) -> Loss:
            return Loss(position=position)


        def final_token_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            return make_loss()(logits, targets)
    """),
    loss("einsum with one-hot targets", """
        import torch

        def final_token_loss(logits, targets):
            one_hot = torch.nn.functional.one_hot(targets[:, -1], logits.shape[-1]).to(logits.dtype)
            return -torch.einsum("bv,bv->b", torch.log_softmax(logits[:, -1], -1), one_hot).mean()
    """),
    loss("relative paths to its own folder", """
        import json
        from pathlib import Path
        import torch

        SETTINGS = json.loads(Path("settings.py").read_text().partition("=")[2])
        BESIDE = Path(__file__).with_name("settings.py")

        def final_token_loss(logits, targets):
            with open("settings.py") as again:
                assert again.read() == BESIDE.read_text()
            position = SETTINGS["position"]
            return torch.nn.functional.cross_entropy(logits[:, position], targets[:, position])
    """, settings='SETTINGS = {"position": -1}\n'),
    loss("temporary files", """
        import os
        import pickle
        import tempfile
        import torch

        def final_token_loss(logits, targets):
            with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile(dir=folder) as file:
                torch.save(targets.cpu(), os.path.join(folder, "targets.pt"))
                saved = torch.load(os.path.join(folder, "targets.pt")).to(logits.device)
                pickle.dump(-1, file)
                file.seek(0)
                last = pickle.load(file)
            return torch.nn.functional.cross_entropy(logits[:, last], saved[:, last])
    """),
)  # fmt: skip

DEVICES = (
    devices(
        "annotations, overloads and protocols",
        top="""
            from __future__ import annotations
            from typing import TYPE_CHECKING, Annotated, Any, Generic, Protocol, TypeVar, overload
            if TYPE_CHECKING:
                import a_module_that_is_not_installed
            T = TypeVar("T", covariant=True)
            class Movable(Protocol[T]):
                def to(self, device: Any) -> T: ...
        """,
        batch_to_device="def move(part: Movable[Tensor]) -> Annotated[Tensor, 'moved']:\n    return part.to(device)\n"
        "return move(batch[0]), move(batch[1])",
    ),
    devices(
        "an enum and match",
        top="import enum",
        pick_device="""
            class Kind(enum.StrEnum):
                CUDA = enum.auto()
                MPS = enum.auto()
                CPU = enum.auto()

            match torch.accelerator.current_accelerator(check_available=True):
                case None:
                    return torch.device(Kind.CPU)
                case torch.device(type="cuda" | "mps" as kind):
                    return torch.device(Kind(kind))
                case other:
                    return other
        """,
    ),
    devices(
        "positions that are kept for the next call",
        top="""
            import functools

            @functools.lru_cache(maxsize=None)
            def positions_of(length, device):
                return torch.arange(length, device=device)
        """,
        position_ids="return positions_of(tokens.shape[1], tokens.device)",
    ),
    devices(
        "threads inside PyTorch",
        top="""
            import os
            os.environ["OMP_NUM_THREADS"] = "4"
        """,
        position_ids="""
            torch.set_num_threads(4)
            large = torch.randn(300, 300, generator=torch.Generator().manual_seed(0))
            assert (large @ large).isfinite().all()
            assert torch.ones(1 << 20).sum() == 1 << 20
            return torch.arange(tokens.shape[1], device=tokens.device)
        """,
    ),
    devices(
        "a column of a larger tensor",
        position_ids="""
            counted = torch.arange(tokens.shape[1], device=tokens.device)
            return torch.stack((counted, -counted), dim=1)[:, 0]
        """,
    ),
    devices(
        "output that is caught, muted and flushed",
        top="import contextlib, io, sys",
        batch_to_device="""
            with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(KeyError):
                print("moving")
                raise KeyError("nothing")
            print("it said", said.getvalue(), file=sys.stderr, flush=True)
            sys.stdout.write("moved\\n")
            return batch[0].to(device), batch[1].to(device)
        """,
    ),
    devices(
        "asks what machine it is on",
        top="import getpass, locale, os, platform, secrets, socket, sys, tempfile, time, uuid",
        pick_device="""
            facts = [platform.platform(), platform.processor(), os.cpu_count(), os.getcwd(), sys.argv, time.tzname]
            facts += [socket.gethostname(), locale.getlocale(), os.getlogin if False else None, uuid.uuid4()]
            facts += [getpass.getuser() if hasattr(os, "getuid") else "", tempfile.gettempdir(), secrets.token_hex(4)]
            print(*facts)
            return torch.accelerator.current_accelerator(check_available=True) or torch.device("cpu")
        """,
    ),
)  # fmt: skip
