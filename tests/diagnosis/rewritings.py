"""Known mistakes, each written in another way than in the catalogue, with the name that it has there."""

from __future__ import annotations

from tests.submissions import Answer

TORCH = {"import torch.nn.functional as F\n": "import torch\nimport torch.nn.functional as F\n"}
Rewriting = tuple[Answer, str]


def softmax(mistake: str, name: str, body: str) -> Rewriting:
    return Answer(name, "log_softmax.py", bodies={"log_softmax": body}), mistake


def loss(mistake: str, name: str, body: str) -> Rewriting:
    return Answer(name, "final_token_loss.py", bodies={"final_token_loss": body}, edits=TORCH), mistake


def devices(mistake: str, name: str, function: str, body: str) -> Rewriting:
    return Answer(name, "devices.py", bodies={function: body}), mistake


def by_hand(
    mistake: str, name: str, dropout: str, *, scale: str = "* (embed_dim // self.n_heads) ** -0.5"
) -> Rewriting:
    body = f"""
batch, time, embed_dim = x.shape
q, k, v = self.qkv(x).view(batch, time, 3, self.n_heads, -1).permute(2, 0, 3, 1, 4)
scores = torch.einsum("bhtd,bhsd->bhts", q, k) {scale}
scores = scores + torch.full((time, time), float("-inf"), device=x.device).triu(1)
weights = scores.softmax(-1)
{dropout}
return self.out((weights @ v).transpose(1, 2).flatten(2))
"""
    return Answer(name, "attention.py", bodies={"forward": body}, edits=TORCH), mistake


def training(mistake: str, name: str, function: str, body: str) -> Rewriting:
    return Answer(name, "training.py", bodies={function: body}), mistake


LOG_SOFTMAX = (
    softmax(
        "softmax_instead",
        "exp over its sum",
        "e = torch.exp(logits - logits.amax(-1, keepdim=True))\nreturn e / e.sum(-1, keepdim=True)",
    ),
    softmax("through_float32", "back by type_as", "return torch.log_softmax(logits.float(), -1).type_as(logits)"),
    softmax("one_sum_for_all", "log-sum-exp of all", "return logits - torch.logsumexp(logits.flatten(), 0)"),
    softmax("base_two", "log2(e) as a number", "return torch.log_softmax(logits, -1) * 1.4426950408889634"),
    softmax("detached", "cut off by .data", "return torch.log_softmax(logits.data, dim=-1)"),
    softmax(
        "edits_its_input",
        "in place by sub_",
        """
        logits.sub_(logits.max(-1, keepdim=True).values)
        return logits - logits.exp().sum(-1, keepdim=True).log()
        """,
    ),
)

FINAL_TOKEN_LOSS = (
    loss("raw_logits", "gather", "return -logits[:, -1].gather(1, targets[:, -1:]).mean()"),
    loss(
        "all_positions",
        "gather",
        "return -F.log_softmax(logits, -1).gather(2, targets.unsqueeze(-1)).mean()",
    ),
    loss("all_positions", "vocabulary second", "return F.cross_entropy(logits.transpose(1, 2), targets)"),
    loss(
        "sum_over_the_batch",
        "a loop",
        """
        rows = torch.log_softmax(logits[:, -1], -1)
        return -sum(row[target] for row, target in zip(rows, targets[:, -1]))
        """,
    ),
    loss(
        "missing_minus",
        "indexing",
        """
        rows = torch.arange(len(targets), device=logits.device)
        return F.log_softmax(logits[:, -1], 1)[rows, targets[:, -1]].mean()
        """,
    ),
    loss(
        "next_to_last_position",
        "with care for a single position",
        """
        at = -2 if logits.shape[1] > 1 and targets.shape[1] > 1 else -1
        return F.cross_entropy(logits[:, at], targets[:, at])
        """,
    ),
    loss(
        "first_position",
        "gather",
        "return -F.log_softmax(logits[:, 0], -1).gather(1, targets[:, :1]).mean()",
    ),
)

DEVICES = (
    devices("only_tokens_moved", "by index", "batch_to_device", "return (batch[0].to(device=device), batch[1])"),
    devices("batch_always_to_cuda", "written out", "batch_to_device", 'return tuple(x.to("cuda") for x in batch)'),
    devices("nothing_moved", "the batch itself", "batch_to_device", "return batch"),
    devices(
        "nothing_moved",
        "to CUDA if there is CUDA",
        "batch_to_device",
        'return tuple(part.to("cuda") if torch.cuda.is_available() else part for part in batch)',
    ),
    devices("positions_on_the_cpu", "a list", "position_ids", "return torch.tensor([*range(tokens.size(-1))])"),
    devices(
        "positions_from_one",
        "one added",
        "position_ids",
        "return 1 + torch.arange(tokens.shape[1], device=tokens.device)",
    ),
)

FROM_RAND = "weights = weights * (torch.rand_like(weights) >= self.dropout) / (1 - self.dropout)"
ATTENTION = (
    by_hand("dropout_always", "F.dropout", "weights = F.dropout(weights, self.dropout)"),
    by_hand("dropout_always", "a mask from rand", FROM_RAND),
    by_hand("dropout_inverted", "a mask from rand", f"if not self.training:\n    {FROM_RAND}"),
    by_hand("dropout_never", "nothing", ""),
    by_hand("not_scaled", "einsum", "weights = F.dropout(weights, self.dropout, self.training)", scale=""),
)

PICKED = "from devices import pick_device\ndevice = pick_device()"
TRAINING = (
    training(
        "batch_on_the_picked_device",
        "by pick_device",
        "train_step",
        f"""
{PICKED}
model.train()
tokens, targets = batch_to_device(batch, device)
optimizer.zero_grad()
loss = final_token_loss(model(tokens), targets)
loss.backward()
optimizer.step()
return loss.item()
""",
    ),
    training(
        "picked_device_in_evaluate",
        "by pick_device",
        "evaluate",
        f"""
{PICKED}
before = model.training
model.eval()
total, count = 0.0, 0
with torch.no_grad():
    for batch in batches:
        tokens, targets = batch_to_device(batch, device)
        total += final_token_loss(model(tokens), targets).item()
        count += 1
model.train(before)
return total / count
""",
    ),
    training(
        "no_zero_grad",
        "on its own",
        "train_step",
        """
        model.train(True)
        where = next(iter(model.parameters())).device
        tokens, targets = (part.to(where) for part in batch)
        loss = torch.nn.functional.cross_entropy(model(tokens)[:, -1], targets[:, -1])
        loss.backward()
        optimizer.step()
        return float(loss)
        """,
    ),
    training(
        "always_set_to_train_afterwards",
        "inference mode",
        "evaluate",
        """
        model.eval()
        total, count = 0.0, 0
        with torch.inference_mode():
            for tokens, targets in batches:
                device = next(model.parameters()).device
                total += float(final_token_loss(model(tokens.to(device)), targets.to(device)))
                count += 1
        model.train()
        return total / count
        """,
    ),
)

REWRITINGS: tuple[Rewriting, ...] = (*LOG_SOFTMAX, *FINAL_TOKEN_LOSS, *DEVICES, *ATTENTION, *TRAINING)
