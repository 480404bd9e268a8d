"""Right answers of step 2."""

from __future__ import annotations

from tests.submissions import Answer

IMPORT = "import torch.nn.functional as F\n"


def right(name: str, body: str, **beside: str) -> Answer:
    edits = {IMPORT: "import torch\n" + IMPORT} if "torch." in body else {}
    files = {f"{module}.py": text for module, text in beside.items()}
    return Answer(name, "final_token_loss.py", bodies={"final_token_loss": body}, edits=edits, beside=files)


FINAL_TOKEN_LOSS = (
    right("cross_entropy", "return F.cross_entropy(logits[:, -1], targets[:, -1])"),
    right("cross_entropy of a squeezed slice", "return F.cross_entropy(logits[:, -1:].squeeze(1), targets[:, -1])"),
    right("cross_entropy of [batch, vocab, 1]", "return F.cross_entropy(logits[:, -1:].mT, targets[:, -1:])"),
    right("the learner's own log_softmax", """
        from log_softmax import log_softmax

        return F.nll_loss(log_softmax(logits[:, -1]), targets[:, -1])
    """),
    right("log-softmax everywhere, then the last",
          "return F.nll_loss(F.log_softmax(logits, -1)[:, -1], targets[:, -1])"),
    right("NLLLoss module", "return torch.nn.NLLLoss()(logits[:, -1].log_softmax(-1), targets[:, -1])"),
    right("CrossEntropyLoss module", "return torch.nn.CrossEntropyLoss()(logits[:, -1], targets[:, -1])"),
    right("gather", "return -logits[:, -1].log_softmax(-1).gather(1, targets[:, -1:]).mean()"),
    right("take_along_dim", "return -logits[:, -1].log_softmax(-1).take_along_dim(targets[:, -1:], 1).mean()"),
    right("one-hot", """
        one_hot = F.one_hot(targets[:, -1], logits.shape[-1]).to(logits.dtype)
        return -(one_hot * logits[:, -1].log_softmax(-1)).sum(-1).mean()
    """),
    right("class probabilities", """
        return F.cross_entropy(logits[:, -1], F.one_hot(targets[:, -1], logits.shape[-1]).to(logits.dtype))
    """),
    right("advanced indexing", """
        last = logits[:, -1].log_softmax(-1)
        return -last[torch.arange(len(last), device=last.device), targets[:, -1]].mean()
    """),
    right("loop over sequences", """
        losses = [-row[-1].log_softmax(0)[ids[-1]] for row, ids in zip(logits, targets)]
        return torch.stack(losses).mean()
    """),
    right("sum over sequences by hand", """
        total = 0.0
        for row, target in zip(logits[:, -1], targets[:, -1].tolist()):
            total = total + torch.logsumexp(row, 0) - row[target]
        return total / len(logits)
    """),
    right("select", "return F.cross_entropy(logits.select(1, -1), targets.select(1, -1))"),
    right("index_select", """
        last = torch.tensor([logits.shape[1] - 1], device=logits.device)
        return F.cross_entropy(logits.index_select(1, last)[:, 0], targets[:, -1])
    """),
    right("unbind", "return F.cross_entropy(logits.unbind(1)[-1], targets.unbind(1)[-1])"),
    right("sum divided by the batch", """
        return F.cross_entropy(logits[:, -1], targets[:, -1], reduction="sum") / logits.shape[0]
    """),
    right("logsumexp minus the target's logit", """
        last = logits[:, -1]
        return (last.logsumexp(-1) - last.gather(-1, targets[:, -1, None]).squeeze(-1)).mean()
    """),
    right("Categorical", """
        return -torch.distributions.Categorical(logits=logits[:, -1]).log_prob(targets[:, -1]).mean()
    """),
    right("earlier positions ignored by ignore_index", """
        wanted = targets[:, -logits.shape[1]:].clone()
        wanted[:, :-1] = -100
        return F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=-100)
    """),
    right("a clone of the logits worked on in place", """
        last = logits[:, -1].clone()
        last -= last.detach().amax(-1, keepdim=True)
        return F.cross_entropy(last, targets[:, -1])
    """),
    right("float64 inside", "return F.cross_entropy(logits[:, -1].double(), targets[:, -1]).to(logits.dtype)"),
    right("float64 all the way", "return F.cross_entropy(logits[:, -1].double(), targets[:, -1])"),
    right("einsum", """
        one_hot = torch.eye(logits.shape[-1], device=logits.device, dtype=logits.dtype)[targets[:, -1]]
        return -torch.einsum("bv,bv->", logits[:, -1].log_softmax(-1), one_hot) / len(logits)
    """),
    right("rows by a range", """
        rows = logits[:, -1].log_softmax(-1)
        return -rows[range(len(rows)), targets[:, -1]].mean()
    """),
    right("prints and warns", """
        import warnings

        print("loss of", logits.shape)
        warnings.warn("a warning")
        return F.cross_entropy(logits[:, -1], targets[:, -1])
    """),
    right("helper module beside it", "from picking import last\n\nreturn F.cross_entropy(last(logits), last(targets))",
          picking="def last(x):\n    return x[:, -1]\n"),
    Answer("a module made once", "final_token_loss.py", source="""
        from torch import nn
        LOSS = nn.CrossEntropyLoss()
        def final_token_loss(logits, targets):
            return LOSS(logits[:, -1], targets[:, -1])
    """),
    Answer("an instance with __call__", "final_token_loss.py", source="""
        import torch
        class FinalTokenLoss(torch.nn.Module):
            def forward(self, logits, targets):
                return torch.nn.functional.cross_entropy(logits[:, -1], targets[:, -1])
        final_token_loss = FinalTokenLoss()
    """),
    right("a tensor made of the last targets", """
        wanted = torch.tensor([target for target in targets[:, -1]], device=targets.device)
        return F.cross_entropy(logits[:, -1], wanted)
    """),
)  # fmt: skip
