"""Right answers of every step, the plain and the strange, all of which must pass every check."""

from tests.challenge5.right_answers.attention import ATTENTION
from tests.challenge5.right_answers.devices import DEVICES
from tests.challenge5.right_answers.final_token_loss import FINAL_TOKEN_LOSS
from tests.challenge5.right_answers.log_softmax import LOG_SOFTMAX
from tests.challenge5.right_answers.training import EVALUATE, INFERENCE_MODE, TRAIN_STEP

COLUMNS = (LOG_SOFTMAX, FINAL_TOKEN_LOSS, DEVICES, ATTENTION, TRAIN_STEP, EVALUATE)
RIGHT_ANSWERS = tuple(answer for column in COLUMNS for answer in column)

__all__ = ["COLUMNS", "INFERENCE_MODE", "RIGHT_ANSWERS"]
