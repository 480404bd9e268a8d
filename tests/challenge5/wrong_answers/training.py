"""Wrong answers of step 5, `train_step` and `evaluate`, and a Model 5 that is no longer as given."""

from __future__ import annotations

from functools import partial

from grader.verdict import Outcome
from tests.challenge5.wrong_answers.wrong_answer import wrong as any_wrong

wrong = partial(any_wrong, file="training.py")

MODEL5 = "model5_computes_the_reference"
UPDATE = "update_follows_the_gradient"
ONE_STEP = "takes_one_step"
CLEARS = "clears_old_gradients"
REMEMBERS = "optimizer_remembers"
LOSS_BEFORE = "returns_the_loss_before_the_update"
IN_TRAINING = "trains_in_training_mode"
TRAIN_DEVICE = "trains_on_the_accelerator"
MEAN = "evaluate_is_the_mean_over_all_batches"
ITERABLE = "evaluate_takes_any_iterable"
NO_DROPOUT = "evaluate_has_no_dropout"
NO_GRADIENTS = "evaluate_computes_no_gradients"
RESTORES = "evaluate_restores_the_mode"
NOTHING = "evaluate_changes_nothing"
EVALUATE_DEVICE = "evaluates_on_the_accelerator"

# Lines of the solution's train_step.
TRAIN_MODE = "    model.train()\n"
TRAIN_BATCH = "    tokens, targets = batch_to_device(batch, next(model.parameters()).device)\n"
TRAIN_LOSS = "    loss = final_token_loss(model(tokens, last_only=True), targets)\n"
ZERO = "    optimizer.zero_grad()\n"
BACKWARD = "    loss.backward()\n"
STEP = "    optimizer.step()\n"
TRAIN_RETURN = "    return loss.item()\n"

# Lines of the solution's evaluate.
EVAL_DEVICE = "    device = next(model.parameters()).device\n"
WAS = "    was_training = model.training\n"
EVAL_MODE = "    model.eval()\n"
NO_GRAD = "    with torch.no_grad():\n"
LOOP = "        for batch in batches:\n"
EVAL_BATCH = "            tokens, targets = batch_to_device(batch, device)\n"
RESTORE = "    model.train(was_training)\n"
EVAL_RETURN = "    return sum(losses) / len(losses)\n"

WRONG_UPDATE = (
    wrong("no zero_grad", CLEARS, edits={ZERO: ""}),
    wrong(
        "zero_grad of the first group of parameters only",
        CLEARS,
        edits={ZERO: '    for p in optimizer.param_groups[0]["params"]:\n        p.grad = None\n'},
    ),
    wrong(
        "the optimiser's memory cleared", REMEMBERS,
        edits={ZERO: ZERO + "    optimizer.state.clear()\n"},
    ),
    wrong(
        "a new optimiser with the same settings", REMEMBERS,
        edits={ZERO: "    optimizer = type(optimizer)(model.parameters(), **optimizer.defaults)\n" + ZERO},
    ),
    wrong("zero_grad between backward and step", UPDATE, ONE_STEP, edits={ZERO: "", BACKWARD: BACKWARD + ZERO}),
    wrong("zero_grad after the step only", CLEARS, edits={ZERO: "", STEP: STEP + ZERO}),
    wrong("no step", UPDATE, ONE_STEP, edits={STEP: ""}),
    wrong("no backward", UPDATE, ONE_STEP, edits={BACKWARD: ""}),
    wrong("two steps", ONE_STEP, UPDATE, edits={STEP: STEP * 2}),
    wrong("step before backward", UPDATE, ONE_STEP, edits={BACKWARD: "", STEP: STEP + BACKWARD}),
    wrong("backward twice", UPDATE, edits={BACKWARD: "    loss.backward(retain_graph=True)\n" + BACKWARD}),
    wrong("ascent", UPDATE, ONE_STEP, edits={BACKWARD: "    (-loss).backward()\n"}),
    wrong("loss times two", UPDATE, ONE_STEP, edits={BACKWARD: "    (2 * loss).backward()\n"}),
    wrong("loss squared", UPDATE, edits={BACKWARD: "    (loss**2).backward()\n"}),
    wrong(
        "gradients clipped", UPDATE,
        edits={STEP: "    torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1)\n" + STEP},
    ),
    wrong(
        "learning rate changed",
        UPDATE,
        ONE_STEP,
        edits={STEP: '    optimizer.param_groups[0]["lr"] = 1e-3 / 2\n' + STEP},
    ),
    wrong(
        "an optimiser of its own",
        UPDATE,
        ONE_STEP,
        edits={ZERO: "    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)\n" + ZERO},
    ),
    wrong(
        "weights decayed by hand",
        UPDATE,
        edits={STEP: STEP + "    with torch.no_grad():\n        for p in model.parameters():\n            p *= 0.99\n"},
    ),
    wrong(
        "all-token loss",
        UPDATE,
        LOSS_BEFORE,
        edits={
            TRAIN_LOSS: "    logits = model(tokens)\n"
            "    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())\n"
        },
    ),
    wrong(
        "first sequence only",
        UPDATE,
        LOSS_BEFORE,
        edits={TRAIN_BATCH: TRAIN_BATCH + "    tokens, targets = tokens[:1], targets[:1]\n"},
    ),
    wrong(
        "tokens as targets",
        UPDATE,
        LOSS_BEFORE,
        edits={TRAIN_BATCH: TRAIN_BATCH + "    targets = tokens\n"},
    ),
    wrong(
        "targets as tokens",
        UPDATE,
        LOSS_BEFORE,
        edits={TRAIN_BATCH: TRAIN_BATCH + "    tokens = targets\n"},
    ),
    wrong(
        "some weights frozen",
        UPDATE,
        edits={ZERO: "    model.token_embedding.weight.requires_grad_(False)\n" + ZERO},
    ),
    wrong(
        "a copy of the model trained",
        UPDATE,
        ONE_STEP,
        edits={TRAIN_MODE: "    import copy\n    model = copy.deepcopy(model)\n" + TRAIN_MODE},
    ),
    wrong("under no_grad", UPDATE, outcome=Outcome.ERROR, edits={
        "def train_step(": "@torch.no_grad()\ndef train_step("}),
)  # fmt: skip

ONLY_NOW_AND_THEN = (
    wrong(
        "only large gradients clipped",
        UPDATE,
        edits={STEP: "    torch.nn.utils.clip_grad_norm_(model.parameters(), 10.0)\n" + STEP},
    ),
    wrong(
        "large gradients clipped one by one",
        UPDATE,
        edits={STEP: "    torch.nn.utils.clip_grad_value_(model.parameters(), 50.0)\n" + STEP},
    ),
    wrong(
        "learning rate decayed after the step",
        ONE_STEP,
        edits={STEP: STEP + '    for group in optimizer.param_groups:\n        group["lr"] *= 0.995\n'},
    ),
    wrong(
        "weight decay switched off",
        ONE_STEP,
        edits={STEP: '    for group in optimizer.param_groups:\n        group["weight_decay"] = 0.0\n' + STEP},
    ),
    wrong(
        "momentum switched on",
        ONE_STEP,
        edits={STEP: '    optimizer.param_groups[0]["momentum"] = 0.9\n' + STEP},
    ),
)

WRONG_TRAINING_MODE = (
    wrong(
        "Python's generator gets the same seed for each step",
        IN_TRAINING,
        edits={TRAIN_MODE: TRAIN_MODE + "    import random\n\n    random.seed(42)\n"},
    ),
    wrong(
        "NumPy's generator gets the same seed for each step",
        IN_TRAINING,
        edits={TRAIN_MODE: TRAIN_MODE + "    import numpy\n\n    numpy.random.seed(42)\n"},
    ),
    wrong(
        "the number of the call as the seed",
        IN_TRAINING,
        edits={
            TRAIN_MODE: TRAIN_MODE + "    torch.manual_seed(calls[0])\n    calls[0] += 1\n",
            "def train_step(": "calls = [1]\n\n\ndef train_step(",
        },
    ),
    wrong("a fresh seed for each step", IN_TRAINING, edits={TRAIN_MODE: TRAIN_MODE + "    torch.seed()\n"}),
    wrong(
        "the time as the seed",
        IN_TRAINING,
        edits={TRAIN_MODE: TRAIN_MODE + "    import time\n\n    torch.manual_seed(time.time_ns())\n"},
    ),
    wrong(
        "Python's generator gets a fresh seed for each step",
        IN_TRAINING,
        edits={TRAIN_MODE: TRAIN_MODE + "    import random\n\n    random.seed()\n"},
    ),
    wrong("the same seed for each step", IN_TRAINING, edits={TRAIN_MODE: TRAIN_MODE + "    torch.manual_seed(42)\n"}),
    wrong(
        "dropout rate of the attention set to 0",
        IN_TRAINING,
        edits={TRAIN_MODE: TRAIN_MODE + "    for block in model.blocks:\n        block.attention.dropout = 0.0\n"},
    ),
    wrong(
        "dropout rate of the layers set to 0",
        IN_TRAINING,
        edits={
            TRAIN_MODE: TRAIN_MODE + "    for module in model.modules():\n        if isinstance(module, nn.Dropout):\n"
            "            module.p = 0.0\n"
        },
    ),
    wrong(
        "dropout layers left in evaluation mode",
        IN_TRAINING,
        edits={
            TRAIN_MODE: TRAIN_MODE + "    for module in model.modules():\n        if isinstance(module, nn.Dropout):\n"
            "            module.eval()\n"
        },
    ),
    wrong(
        "the random state kept as it was",
        IN_TRAINING,
        edits={TRAIN_LOSS: f"    with torch.random.fork_rng():\n    {TRAIN_LOSS}"},
    ),
    wrong(
        "a fresh seed, and the random state kept",
        IN_TRAINING,
        edits={TRAIN_LOSS: f"    with torch.random.fork_rng():\n        torch.seed()\n    {TRAIN_LOSS}"},
    ),
    wrong(
        "the first seed again for each step",
        IN_TRAINING,
        edits={TRAIN_MODE: TRAIN_MODE + "    torch.manual_seed(torch.initial_seed())\n"},
    ),
    wrong(
        "half the rate during the step",
        IN_TRAINING,
        edits={
            TRAIN_LOSS: "    model.embedding_dropout.p /= 2\n" + TRAIN_LOSS + "    model.embedding_dropout.p *= 2\n"
        },
    ),
    wrong(
        "all rates 0 during the step",
        IN_TRAINING,
        edits={
            TRAIN_LOSS: "    parts = [(m, n, r) for m in model.modules() for n, r in vars(m).items() if n in RATES]\n"
            "    for module, name, _ in parts:\n        setattr(module, name, 0.0)\n" + TRAIN_LOSS,
            TRAIN_RETURN: "    for module, name, rate in parts:\n        setattr(module, name, rate)\n" + TRAIN_RETURN,
            "def train_step(": 'RATES = ("p", "dropout")\n\n\ndef train_step(',
        },
    ),
    *(
        wrong(
            f"the rate of {layer} 0 during the step",
            IN_TRAINING,
            edits={
                TRAIN_LOSS: f"    model.{layer}.p = 0.0\n" + TRAIN_LOSS,
                TRAIN_RETURN: f"    model.{layer}.p = 0.5\n" + TRAIN_RETURN,
            },
        )
        for layer in ("embedding_dropout", "blocks[0].attention_dropout", "blocks[0].mlp[3]")
    ),
    wrong("targets overwritten after the step", LOSS_BEFORE, edits={STEP: STEP + "    targets.sub_(targets)\n"}),
    wrong("trained in evaluation mode", IN_TRAINING, edits={TRAIN_MODE: "    model.eval()\n"}),
    wrong("never calls model.train()", IN_TRAINING, edits={TRAIN_MODE: ""}),
    wrong("training mode after the forward pass", IN_TRAINING, edits={TRAIN_MODE: "", ZERO: TRAIN_MODE + ZERO}),
    wrong(
        "the model never called",
        IN_TRAINING,
        edits={TRAIN_LOSS: "    loss = sum(p.sum() for p in model.parameters())\n"},
    ),
    wrong("only the attribute of the model itself", IN_TRAINING, edits={TRAIN_MODE: "    model.training = True\n"}),
)

WRONG_RETURN = (
    wrong(
        "mean of the losses so far",
        REMEMBERS,
        edits={
            TRAIN_RETURN: "    model.losses = [*getattr(model, 'losses', []), loss.item()]\n"
            "    return sum(model.losses) / len(model.losses)\n"
        },
    ),
    wrong(
        "loss after the update",
        LOSS_BEFORE,
        edits={TRAIN_RETURN: "    return final_token_loss(model(tokens, last_only=True), targets).item()\n"},
    ),
    wrong(
        "loss of another forward pass",
        UPDATE,
        edits={BACKWARD: "    final_token_loss(model(tokens, last_only=True), targets).backward()\n"},
    ),
    wrong("a tensor", LOSS_BEFORE, edits={TRAIN_RETURN: "    return loss\n"}),
    wrong("a detached tensor", LOSS_BEFORE, edits={TRAIN_RETURN: "    return loss.detach()\n"}),
    wrong("nothing", LOSS_BEFORE, edits={TRAIN_RETURN: ""}),
    wrong("a whole number", LOSS_BEFORE, edits={TRAIN_RETURN: "    return int(loss)\n"}),
    wrong("text", LOSS_BEFORE, edits={TRAIN_RETURN: "    return f'{loss.item()}'\n"}),
    wrong("rounded", LOSS_BEFORE, edits={TRAIN_RETURN: "    return round(loss.item(), 2)\n"}),
    wrong("times the batch size", LOSS_BEFORE, edits={TRAIN_RETURN: "    return loss.item() * len(tokens)\n"}),
    wrong("minus the loss", LOSS_BEFORE, edits={TRAIN_RETURN: "    return -loss.item()\n"}),
    wrong("in bits", LOSS_BEFORE, edits={TRAIN_RETURN: "    return loss.item() / 0.6931471805599453\n"}),
    wrong("loss and model", LOSS_BEFORE, edits={TRAIN_RETURN: "    return loss.item(), model\n"}),
)

WRONG_DEVICE = (
    wrong(
        "batch left on the CPU, train_step",
        TRAIN_DEVICE,
        edits={TRAIN_BATCH: "    tokens, targets = batch\n"},
        outcome=Outcome.ERROR,
    ),
    wrong(
        "batch left on the CPU, evaluate",
        EVALUATE_DEVICE,
        edits={EVAL_BATCH: "            tokens, targets = batch\n"},
        outcome=Outcome.ERROR,
    ),
    wrong("model moved to the CPU, train_step", TRAIN_DEVICE, edits={TRAIN_MODE: TRAIN_MODE + "    model.cpu()\n"}),
    wrong("model moved to the CPU, evaluate", EVALUATE_DEVICE, edits={EVAL_DEVICE: "    model.cpu()\n" + EVAL_DEVICE}),
    wrong(
        "model moved to the CPU too late, evaluate",
        EVALUATE_DEVICE,
        edits={WAS: WAS + "    model.cpu()\n"},
        outcome=Outcome.ERROR,
    ),
    wrong(
        "batch to the picked device, evaluate",
        MEAN,
        edits={
            EVAL_DEVICE: "    device = pick_device()\n",
            "import batch_to_device": "import batch_to_device, pick_device",
        },
        outcome=Outcome.ERROR,
    ),
)

WRONG_MEAN = (
    wrong("last batch only", MEAN, edits={EVAL_RETURN: "    return losses[-1]\n"}),
    wrong("first batch only", MEAN, edits={EVAL_RETURN: "    return losses[0]\n"}),
    wrong("sum of the batches", MEAN, ITERABLE, edits={EVAL_RETURN: "    return sum(losses)\n"}),
    wrong("median of the batches", MEAN, edits={
        EVAL_RETURN: "    return sorted(losses)[len(losses) // 2]\n"}),
    wrong("smallest loss", MEAN, edits={EVAL_RETURN: "    return min(losses)\n"}),
    wrong("stops after the first batch", MEAN, edits={
        EVAL_BATCH: "            if losses:\n                break\n" + EVAL_BATCH}),
    wrong("stops after four batches", MEAN, edits={
        EVAL_BATCH: "            if len(losses) == 4:\n                break\n" + EVAL_BATCH}),
    wrong("the first eight batches", MEAN, edits={LOOP: "        for batch in [*batches][:8]:\n"}),
    wrong("divided by the sequences", MEAN, edits={
        EVAL_RETURN: "    return sum(losses) / len(losses) / len(tokens)\n"}),
    wrong("divided by one too many", MEAN, edits={EVAL_RETURN: "    return sum(losses) / (len(losses) + 1)\n"}),
    wrong("perplexity", MEAN, edits={EVAL_RETURN: "    return 2.718281828 ** (sum(losses) / len(losses))\n"}),
    wrong(
        "all-token loss in evaluate",
        MEAN,
        edits={
            "            losses.append(final_token_loss(model(tokens, last_only=True), targets).item())\n":
            "            logits = model(tokens)\n"
            "            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())\n"
            "            losses.append(loss.item())\n"
        },
    ),
    wrong("len() of the batches", ITERABLE, outcome=Outcome.ERROR, edits={
        EVAL_RETURN: "    return sum(losses) / len(batches)\n"}),
    wrong("batches by index", ITERABLE, outcome=Outcome.ERROR, edits={
        LOOP: "        for batch in (batches[i] for i in range(len(batches))):\n"}),
    wrong("next() on what is no list", ITERABLE, outcome=Outcome.ERROR, edits={
        LOOP: "        stream = iter(batches) if isinstance(batches, list) else batches\n"
        "        while (batch := next(stream, None)) is not None:\n"}),
    wrong("goes through the batches twice", ITERABLE, edits={
        EVAL_RETURN: "    return sum(losses) / max(1, len([0 for _ in batches]))\n"}),
    wrong("drops the first of a generator", ITERABLE, edits={
        WAS: WAS + "    if not hasattr(batches, '__len__'):\n        next(batches)\n"}),
    wrong("the smallest mean so far", MEAN, edits={
        EVAL_RETURN: "    model.best = min(getattr(model, 'best', 1e9), sum(losses) / len(losses))\n"
        "    return model.best\n"}),
    wrong("the losses of all calls", MEAN, edits={
        "    losses = []\n": "    losses = vars(model).setdefault('losses', [])\n"}),
    wrong("kept for as long as the weights are the same", MEAN, edits={
        EVAL_RETURN: "    key = sum(p.sum().item() for p in model.parameters())\n"
        "    return vars(model).setdefault('means', {}).setdefault(key, sum(losses) / len(losses))\n"}),
    wrong("evaluate returns nothing", MEAN, edits={EVAL_RETURN: ""}),
    wrong("evaluate returns a tensor", MEAN, edits={EVAL_RETURN: "    return torch.tensor(losses).mean()\n"}),
    wrong("evaluate returns the list", MEAN, edits={EVAL_RETURN: "    return losses\n"}),
)  # fmt: skip

WRONG_EVALUATION_MODE = (
    wrong("evaluates in training mode", NO_DROPOUT, edits={EVAL_MODE: "    model.train()\n"}),
    wrong("never calls model.eval()", NO_DROPOUT, edits={EVAL_MODE: ""}),
    wrong("left in evaluation mode", RESTORES, edits={RESTORE: ""}),
    wrong("always set to training mode afterwards", RESTORES, edits={RESTORE: "    model.train()\n"}),
    wrong("mode read after eval()", RESTORES, edits={WAS: "", EVAL_MODE: EVAL_MODE + WAS}),
    wrong("mode flipped", RESTORES, edits={RESTORE: "    model.train(not was_training)\n"}),
    wrong("only the model itself set back", RESTORES, edits={RESTORE: "    model.training = was_training\n"}),
    wrong("set back before the last forward pass", NO_DROPOUT, edits={
        RESTORE: "", EVAL_BATCH: EVAL_BATCH + "            if losses:\n                model.train(was_training)\n",
        EVAL_RETURN: RESTORE + EVAL_RETURN}),
    wrong("gradients on", NO_GRADIENTS, edits={NO_GRAD: "    if True:\n"}),
    wrong("gradients on in the forward pass only", NO_GRADIENTS, edits={
        "final_token_loss(model(tokens, last_only=True), targets).item()":
        "final_token_loss(torch.enable_grad()(model)(tokens, last_only=True), targets).item()"}),
    wrong("gradients off from the second batch on", NO_GRADIENTS, edits={
        NO_GRAD: "    if True:\n",
        EVAL_BATCH: "            torch.set_grad_enabled(not losses)\n" + EVAL_BATCH,
        EVAL_RETURN: "    torch.set_grad_enabled(True)\n" + EVAL_RETURN}),
)  # fmt: skip

CHANGES_SOMETHING = (
    wrong("zero_grad in evaluate", NOTHING, edits={WAS: WAS + "    model.zero_grad()\n"}),
    wrong("zero_grad to zeros in evaluate", NOTHING, edits={WAS: WAS + "    model.zero_grad(set_to_none=False)\n"}),
    wrong("seeds in evaluate", NOTHING, edits={WAS: WAS + "    torch.manual_seed(0)\n"}),
    wrong("draws random numbers", NOTHING, edits={WAS: WAS + "    torch.rand(1)\n"}),
    wrong("shuffles with NumPy", NOTHING, edits={
        WAS: WAS + "    import numpy\n\n    numpy.random.seed(0)\n    numpy.random.permutation(3)\n"}),
    wrong("shuffles with random", NOTHING, edits={
        WAS: WAS + "    import random\n    batches = list(batches)\n    random.shuffle(batches)\n"}),
    wrong("warms up in training mode", NOTHING, edits={
        EVAL_MODE: "    batches = list(batches)\n    with torch.no_grad():\n        model.train()\n"
        "        model(batch_to_device(batches[0], device)[0])\n" + EVAL_MODE}),
    wrong("weights changed a little", NOTHING, edits={
        RESTORE: "    for p in model.parameters():\n        p.data *= 0.999\n" + RESTORE}),
    wrong("freezes the weights", NOTHING, edits={
        WAS: WAS + "    for p in model.parameters():\n        p.requires_grad_(False)\n"}),
    wrong("leaves gradients behind", NOTHING, edits={
        RESTORE: "    for p in model.parameters():\n        p.grad = torch.zeros_like(p)\n" + RESTORE}),
    wrong("sets the rates to 0, and leaves them there", NOTHING, edits={
        EVAL_MODE: "    for module in model.modules():\n        if isinstance(module, nn.Dropout):\n"
        "            module.p = 0.0\n        if hasattr(module, 'dropout') and isinstance(module.dropout, float):\n"
        "            module.dropout = 0.0\n", RESTORE: ""}),
    wrong("another rate for the attention in evaluate", NOTHING, edits={
        RESTORE: RESTORE + "    for block in model.blocks:\n        block.attention.dropout = 0.1\n"}),
    wrong("tokens overwritten in evaluate", MEAN, edits={RESTORE: "    tokens.zero_()\n" + RESTORE}),
    wrong("uses up the list of batches", MEAN, edits={
        LOOP: "        while batches:\n            batch = batches.pop()\n"}),
    wrong("switches gradients off for good", NOTHING, edits={WAS: WAS + "    torch.set_grad_enabled(False)\n"}),
)  # fmt: skip

# Model 5 is given; a learner may still change it. These edits leave the other files as in the solution.
model = partial(any_wrong, file="model5.py", step="training")
CHANGED_MODEL = (
    model("model without positions", MODEL5, edits={" + self.position_embedding(position_ids(tokens))": ""}),
    model("model without residual", MODEL5, edits={"x = x + self.attention_dropout": "x = self.attention_dropout"}),
    model(
        "model without dropout",
        MODEL5,
        IN_TRAINING,
        edits={"import Tensor, nn\n": "import Tensor, nn\n\nnn.Dropout = lambda p: nn.Identity()\n"},
    ),
    model(
        "model without dropout of the embeddings",
        MODEL5,
        IN_TRAINING,
        edits={"x = self.embedding_dropout(x)": "x = x + 0.0"},
    ),
    model(
        "model with one mask for all sequences",
        MODEL5,
        edits={"x = self.embedding_dropout(x)": "x = x * self.embedding_dropout(torch.ones_like(x[:1, :1]))"},
    ),
    model(
        "model that drops in evaluation mode",
        MODEL5,
        NO_DROPOUT,
        edits={"x = self.embedding_dropout(x)": "x = nn.functional.dropout(x, self.embedding_dropout.p)"},
    ),
    model("model without its scale", MODEL5, edits={" / math.sqrt(x.shape[-1])": ""}),
    model("model with ReLU", MODEL5, edits={"nn.GELU()": "nn.ReLU()"}),
    model("model without the final norm", MODEL5, edits={"        x = self.final_norm(x)\n": ""}),
    model("model that ignores last_only", MODEL5, edits={"        if last_only:\n": "        if False:\n"}),
    model("model with last_only of the first position", MODEL5, edits={"x = x[:, -1:]": "x = x[:, :1]"}),
)

TRAINING = (
    *WRONG_UPDATE,
    *ONLY_NOW_AND_THEN,
    *WRONG_TRAINING_MODE,
    *WRONG_RETURN,
    *WRONG_DEVICE,
    *WRONG_MEAN,
    *WRONG_EVALUATION_MODE,
    *CHANGES_SOMETHING,
    *CHANGED_MODEL,
)
