"""Right answers of step 5: of `train_step` and of `evaluate`, which a mix puts into one file."""

from __future__ import annotations

from tests.challenge5.wrong_answers.training import (
    BACKWARD,
    EVAL_BATCH,
    EVAL_MODE,
    EVAL_RETURN,
    LOOP,
    NO_GRAD,
    RESTORE,
    STEP,
    TRAIN_BATCH,
    TRAIN_LOSS,
    TRAIN_MODE,
    TRAIN_RETURN,
    WAS,
    ZERO,
)
from tests.submissions import Answer

EVAL_LOSS = "            losses.append(final_token_loss(model(tokens, last_only=True), targets).item())\n"
DEFINE_EVALUATE = "def evaluate("


def right(name: str, edits: dict[str, str] | None = None, **bodies: str) -> Answer:
    return Answer(name, "training.py", bodies=bodies, edits=edits or {})


FORWARD = """
from devices import batch_to_device
from final_token_loss import final_token_loss


def loss_of(model, batch):
    tokens, targets = batch_to_device(batch, next(model.parameters()).device)
    return final_token_loss(model(tokens, last_only=True), targets)
"""

TRAIN_STEP = (
    right("gradients cleared first", {ZERO: "", TRAIN_MODE: TRAIN_MODE + ZERO}),
    right("gradients set to zero", {ZERO: "    optimizer.zero_grad(set_to_none=False)\n"}),
    right("model.zero_grad", {ZERO: "    model.zero_grad()\n"}),
    right("gradients cleared by hand", {ZERO: "    for p in model.parameters():\n        p.grad = None\n"}),
    right("gradients cleared before and after", {STEP: STEP + ZERO}),
    right("cleared between forward and backward through the groups", {ZERO: (
        '    for group in optimizer.param_groups:\n        for p in group["params"]:\n            p.grad = None\n')}),
    right("torch.autograd.grad", {BACKWARD: (
        "    parameters = list(model.parameters())\n"
        "    for p, gradient in zip(parameters, torch.autograd.grad(loss, parameters)):\n"
        "        p.grad = gradient\n")}),
    right("a closure", train_step="""
        model.train()
        tokens, targets = batch_to_device(batch, next(model.parameters()).device)

        def closure():
            optimizer.zero_grad()
            loss = final_token_loss(model(tokens, last_only=True), targets)
            loss.backward()
            return loss

        return float(optimizer.step(closure))
    """),
    right("the whole sequence projected", {TRAIN_LOSS: TRAIN_LOSS.replace(", last_only=True", "")}),
    right("model.forward called", {TRAIN_LOSS: TRAIN_LOSS.replace("model(", "model.forward(")}),
    right("float()", {TRAIN_RETURN: "    return float(loss)\n"}),
    right("detach().cpu().item()", {TRAIN_RETURN: "    return loss.detach().cpu().item()\n"}),
    right("tolist()", {TRAIN_RETURN: "    return loss.tolist()\n"}),
    right("a NumPy float", {TRAIN_RETURN: "    return loss.detach().cpu().double().numpy()[()]\n"}),
    right("under enable_grad", {"def train_step(": "@torch.enable_grad()\ndef train_step("}),
    right("batch moved with .to(next(...))", {
        TRAIN_BATCH: "    device = next(iter(model.parameters())).device\n"
        "    tokens, targets = batch[0].to(device), batch[1].to(device)\n"}),
    right("device of the embedding", {
        TRAIN_BATCH: "    tokens, targets = batch_to_device(batch, model.token_embedding.weight.device)\n"}),
    right("device from the state", {
        TRAIN_BATCH: "    tokens, targets = batch_to_device(batch, list(model.state_dict().values())[0].device)\n"}),
    right("the last column of targets only", {
        TRAIN_LOSS: TRAIN_LOSS.replace("targets)", "targets[:, -1:])")}),
    right("train(True) after moving the batch", {TRAIN_MODE: "", TRAIN_BATCH: TRAIN_BATCH + "    model.train(True)\n"}),
    right("a forward pass more, to print", {
        TRAIN_LOSS: "    print(float(final_token_loss(model(tokens), targets)))\n" + TRAIN_LOSS}),
    right("forward passes more, without gradients", {
        BACKWARD: "    with torch.no_grad():\n        print(model(tokens).std())\n" + BACKWARD,
        STEP: STEP + "    with torch.no_grad():\n        print(final_token_loss(model(tokens), targets))\n"}),
    right("the norm of the gradient, of which nothing is clipped", {
        STEP: '    print(torch.nn.utils.clip_grad_norm_(model.parameters(), float("inf")))\n' + STEP}),
    right("activations computed again", {TRAIN_LOSS: (
        "    from torch.utils.checkpoint import checkpoint\n\n"
        "    loss = final_token_loss(checkpoint(model, tokens, use_reentrant=False), targets)\n")}),
    right("prints and warns", {
        STEP: STEP + "    import warnings\n\n    print('step', loss.item())\n    warnings.warn('slow')\n"}),
    Answer("train_step with a helper", "training.py", beside={"forward.py": FORWARD}, bodies={"train_step": """
        from forward import loss_of

        model.train()
        optimizer.zero_grad()
        loss = loss_of(model, batch)
        loss.backward()
        optimizer.step()
        return loss.item()
    """}),
)  # fmt: skip

COPY_EVALUATED = """
    import copy

    twin = copy.deepcopy(model).eval()
    device = next(twin.parameters()).device
    with torch.no_grad():
        moved = [batch_to_device(batch, device) for batch in batches]
        losses = [final_token_loss(twin(x), y).item() for x, y in moved]
    return sum(losses) / len(losses)
"""

INFERENCE_MODE = right("inference_mode", {NO_GRAD: "    with torch.inference_mode():\n"})

EVALUATE = (
    right("a copy of the model is evaluated", evaluate=COPY_EVALUATED),
    right("evaluate projects the whole sequence", {EVAL_LOSS: EVAL_LOSS.replace(", last_only=True", "")}),
    right("evaluate calls model.forward", {EVAL_LOSS: EVAL_LOSS.replace("model(", "model.forward(")}),
    INFERENCE_MODE,
    right("no_grad as a decorator", {DEFINE_EVALUATE: "@torch.no_grad()\ndef evaluate(", NO_GRAD: "    if True:\n"}),
    right("weights frozen meanwhile", {
        NO_GRAD: "    model.requires_grad_(False)\n    if True:\n",
        RESTORE: "    model.requires_grad_(True)\n" + RESTORE}),
    right("inference_mode for what was moved before", evaluate="""
        device, mode = next(model.parameters()).device, model.training
        model.eval()
        losses = []
        for batch in batches:
            tokens, targets = batch_to_device(batch, device)
            with torch.inference_mode():
                losses.append(final_token_loss(model(tokens, last_only=True), targets).item())
        model.train(mode)
        return sum(losses) / len(losses)
    """),
    right("losses added up on the CPU, in inference_mode", {
        NO_GRAD: "    total = torch.zeros(())\n    with torch.inference_mode():\n",
        EVAL_LOSS: "            total += final_token_loss(model(tokens, last_only=True), targets).cpu()\n"
                   "            losses.append(0)\n",
        EVAL_RETURN: "    return (total / len(losses)).item()\n"}),
    right("NumPy's mean of printed losses, in inference_mode", {
        NO_GRAD: "    with torch.inference_mode():\n",
        EVAL_LOSS: "            loss = final_token_loss(model(tokens, last_only=True), targets)\n"
                   "            print(loss, loss.tolist())\n            losses.append(loss.cpu().numpy())\n",
        EVAL_RETURN: "    import numpy as np\n\n    return float(np.mean(losses))\n"}),
    right("inference_mode as a decorator", {
        DEFINE_EVALUATE: "@torch.inference_mode()\ndef evaluate(", NO_GRAD: "    if True:\n"}),
    right("set_grad_enabled by hand", {
        NO_GRAD: "    torch.set_grad_enabled(False)\n    if True:\n",
        RESTORE: RESTORE + "    torch.set_grad_enabled(True)\n"}),
    right("no_grad for each batch", {
        NO_GRAD: "    if True:\n", EVAL_LOSS: "            with torch.no_grad():\n    " + EVAL_LOSS}),
    right("train(False)", {EVAL_MODE: "    model.train(False)\n"}),
    right("mode put back by an if", {RESTORE: "    if was_training:\n        model.train()\n"}),
    right("modes of all modules put back", {
        WAS: "    modes = [(module, module.training) for module in model.modules()]\n",
        RESTORE: "    for module, mode in modes:\n        module.training = mode\n"}),
    right("try and finally", evaluate="""
        was_training = model.training
        model.eval()
        try:
            with torch.no_grad():
                total, count = 0.0, 0
                for tokens, targets in batches:
                    tokens, targets = batch_to_device((tokens, targets), next(model.parameters()).device)
                    total += float(final_token_loss(model(tokens, last_only=True), targets))
                    count += 1
        finally:
            model.train(was_training)
        return total / count
    """),
    right("a context manager of its own", evaluate="""
        from contextlib import contextmanager

        @contextmanager
        def evaluating():
            mode = model.training
            model.train(False)
            try:
                yield
            finally:
                model.train(mode)

        device = next(model.parameters()).device
        with evaluating(), torch.no_grad():
            pairs = [batch_to_device(batch, device) for batch in batches]
            losses = [final_token_loss(model(x, last_only=True), y).item() for x, y in pairs]
        return sum(losses) / len(losses)
    """),
    right("running mean", evaluate="""
        device, mode = next(model.parameters()).device, model.training
        model.eval()
        mean = 0.0
        with torch.no_grad():
            for number, batch in enumerate(batches, start=1):
                tokens, targets = batch_to_device(batch, device)
                mean += (final_token_loss(model(tokens, last_only=True), targets).item() - mean) / number
        model.train(mode)
        return mean
    """),
    right("stacked losses", {EVAL_LOSS: EVAL_LOSS.replace(".item()", ""),
                             EVAL_RETURN: "    return torch.stack(losses).mean().item()\n"}),
    right("a tensor of losses", {EVAL_RETURN: "    return torch.tensor(losses).mean().item()\n"}),
    right("NumPy mean", {EVAL_RETURN: "    import numpy as np\n\n    return np.mean(losses)\n"}),
    right("statistics.fmean", {EVAL_RETURN: "    import statistics\n\n    return statistics.fmean(losses)\n"}),
    right("all batches joined", evaluate="""
        tokens, targets = (torch.cat(parts) for parts in zip(*batches))
        mode = model.training
        model.eval()
        with torch.no_grad():
            tokens, targets = batch_to_device((tokens, targets), next(model.parameters()).device)
            loss = final_token_loss(model(tokens, last_only=True), targets).item()
        model.train(mode)
        return loss
    """),
    right("batches read into a list first", {LOOP: "        for batch in list(batches):\n"}),
    right("batches drawn with next()", {
        LOOP: "        stream = iter(batches)\n        while (batch := next(stream, None)) is not None:\n"}),
    right("random state kept by hand", {
        WAS: WAS + "    state = torch.get_rng_state()\n    torch.manual_seed(0)\n",
        RESTORE: RESTORE + "    torch.set_rng_state(state)\n"}),
    right("random state kept by fork_rng", {NO_GRAD: "    with torch.random.fork_rng(), torch.no_grad():\n"}),
    right("waits for the accelerator to tell the time", {
        TRAIN_MODE: "    import time\n\n    if torch.accelerator.is_available():\n"
        "        torch.accelerator.synchronize()\n"
        "    started = time.perf_counter()\n" + TRAIN_MODE,
        STEP: STEP + "    if torch.accelerator.is_available():\n        torch.accelerator.synchronize()\n"
        "        print(torch.accelerator.max_memory_allocated(), torch.accelerator.current_accelerator())\n"
        "    print(time.perf_counter() - started)\n"}),
    right("prints the loss without dropout as well", {TRAIN_MODE: """
    with torch.no_grad():
        model.eval()
        inputs, wanted = batch_to_device(batch, next(model.parameters()).device)
        print(final_token_loss(model(inputs, last_only=True), wanted).item())
""" + TRAIN_MODE}),
    right("a type from the grader's data", {
        "from torch import Tensor, nn\n": "from torch import Tensor, nn\nfrom grader.data import Batch\n",
        LOOP: "        batch: Batch\n" + LOOP}),
    right("prints each batch", {EVAL_BATCH: EVAL_BATCH + "            print(batch)\n"}),
    Answer("evaluate with a helper", "training.py", beside={"forward.py": FORWARD}, bodies={"evaluate": """
        from forward import loss_of

        mode = model.training
        model.eval()
        with torch.no_grad():
            losses = [loss_of(model, batch).item() for batch in batches]
        model.train(mode)
        return sum(losses) / len(losses)
    """}),
    *(right(f"{made} of the losses as tensors", {
        EVAL_LOSS: EVAL_LOSS.replace(".item()", ""),
        EVAL_RETURN: f"    return {made}(losses).mean().item()\n"})
      for made in ("torch.tensor", "torch.as_tensor", "torch.Tensor", "torch.FloatTensor", "torch.stack")),
    right("a tensor of the losses on the device", {
        NO_GRAD: "    with torch.inference_mode():\n", EVAL_LOSS: EVAL_LOSS.replace(".item()", ""),
        EVAL_RETURN: "    return torch.tensor(losses, device=device).mean().item()\n"}),
    right("mixed precision on an accelerator only", {TRAIN_LOSS: (
        "    kind = tokens.device.type\n"
        "    with torch.autocast(kind, dtype=torch.bfloat16, enabled=kind != 'cpu'):\n    " + TRAIN_LOSS)}),
    right("another forward pass with the random state kept", {TRAIN_LOSS: (
        "    with torch.random.fork_rng(), torch.no_grad():\n        model(tokens)\n" + TRAIN_LOSS)}),
)  # fmt: skip
