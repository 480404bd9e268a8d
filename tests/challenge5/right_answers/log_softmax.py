"""Right answers of step 1."""

from __future__ import annotations

from tests.submissions import Answer


def right(name: str, body: str, **beside: str) -> Answer:
    return Answer(
        name, "log_softmax.py", bodies={"log_softmax": body}, beside={f"{k}.py": v for k, v in beside.items()}
    )


AUTOGRAD_FUNCTION = '''
"""Log-softmax with a backward pass written by hand."""

import torch


class LogSoftmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx, logits):
        result = logits - torch.logsumexp(logits, dim=-1, keepdim=True)
        ctx.save_for_backward(result)
        return result

    @staticmethod
    def backward(ctx, gradient):
        (result,) = ctx.saved_tensors
        return gradient - result.exp() * gradient.sum(dim=-1, keepdim=True)


def log_softmax(logits):
    return LogSoftmax.apply(logits)
'''

LOG_SOFTMAX = (
    right("torch.log_softmax", "return torch.log_softmax(logits, dim=-1)"),
    right("method", "return logits.log_softmax(-1)"),
    right("functional", "import torch.nn.functional as F\n\nreturn F.log_softmax(logits, dim=-1)"),
    right("module", "return torch.nn.LogSoftmax(dim=-1)(logits)"),
    right("torch.special", "return torch.special.log_softmax(logits, -1)"),
    right("logsumexp", "return logits - torch.logsumexp(logits, dim=-1, keepdim=True)"),
    right("logsumexp without keepdim", "return logits - logits.logsumexp(-1).unsqueeze(-1)"),
    right("logaddexp one by one", """
        total = logits[..., 0]
        for entry in range(1, logits.shape[-1]):
            total = torch.logaddexp(total, logits[..., entry])
        return logits - total.unsqueeze(-1)
    """),
    right("detached maximum", """
        largest = logits.detach().max(dim=-1, keepdim=True).values
        exponentials = (logits - largest).exp()
        return logits - largest - exponentials.sum(-1, keepdim=True).log()
    """),
    right("Categorical", "return torch.distributions.Categorical(logits=logits, validate_args=False).logits"),
    right("cross_entropy of every token", """
        import torch.nn.functional as F

        vocab = logits.shape[-1]
        rows = logits.reshape(-1, vocab)
        columns = [
            -F.cross_entropy(rows, torch.full((len(rows),), token, device=rows.device), reduction="none")
            for token in range(vocab)
        ]
        return torch.stack(columns, dim=-1).reshape(logits.shape)
    """),
    right("float64 inside and back again", "return logits.double().log_softmax(-1).to(logits.dtype)"),
    right("rows by view() of what was made contiguous", """
        rows = logits.contiguous().view(-1, logits.shape[-1])
        return torch.log_softmax(rows, dim=-1).view(logits.shape)
    """),
    right("row by row", """
        rows = logits.reshape(-1, logits.shape[-1])
        done = [row - row.max() - torch.log(torch.sum(torch.exp(row - row.max()))) for row in rows]
        return torch.stack(done).view_as(logits)
    """),
    right("einsum for the sum", """
        shifted = logits - logits.amax(-1, keepdim=True)
        total = torch.einsum("...v->...", shifted.exp())
        return shifted - total.log()[..., None]
    """),
    right("dimension moved to the front", "return logits.movedim(-1, 0).log_softmax(0).movedim(0, -1)"),
    right("recursive over leading dimensions", """
        if logits.dim() > 1:
            return torch.stack([log_softmax(part) for part in logits])
        return logits - torch.logsumexp(logits, 0)
    """),
    right("clone worked on in place", """
        work = logits.clone()
        work -= work.max(-1, keepdim=True)[0].detach()
        return work - work.exp().sum(-1, keepdim=True).log_()
    """),
    right("log_ndtr of nothing: log of one plus the rest", """
        z, where = logits.max(dim=-1, keepdim=True)
        rest = (logits - z).exp().scatter(-1, where, 0.0).sum(-1, keepdim=True)
        return logits - z - torch.log1p(rest)
    """),
    right("helper module beside it", "import stable\n\nreturn stable.minus_log_sum(logits)", stable="""
        import torch

        def minus_log_sum(z):
            return z - torch.logsumexp(z, -1, keepdim=True)
    """),
    right("vmap over rows", """
        rows = logits.reshape(-1, logits.shape[-1])
        return torch.func.vmap(lambda row: row - torch.logsumexp(row, 0))(rows).reshape(logits.shape)
    """),
    Answer("autograd.Function", "log_softmax.py", source=AUTOGRAD_FUNCTION),
    Answer("a lambda", "log_softmax.py", source="import torch\nlog_softmax = lambda z: torch.log_softmax(z, -1)\n"),
    Answer("an imported function", "log_softmax.py", source="""
        from functools import partial
        from torch.nn import functional
        log_softmax = partial(functional.log_softmax, dim=-1)
    """),
    Answer("another parameter name and a default", "log_softmax.py", source="""
        import torch
        def log_softmax(z, dim=-1):
            return torch.log_softmax(z, dim)
    """),
    Answer("a decorator that adds an argument", "log_softmax.py", source="""
        from functools import wraps
        import torch
        def with_shift(function):
            @wraps(function)
            def shifted(logits):
                return function(logits, logits.amax(-1, keepdim=True).detach())
            return shifted
        @with_shift
        def log_softmax(logits, shift):
            return logits - shift - (logits - shift).exp().sum(-1, keepdim=True).log()
    """),
)  # fmt: skip
