"""Wrong answers of every step, each with the checks that must catch it.

One module a step, one table a module. What an entry does not say stays as in the solution.
"""

from tests.challenge5.wrong_answers.attention import ATTENTION
from tests.challenge5.wrong_answers.devices import DEVICES
from tests.challenge5.wrong_answers.final_token_loss import FINAL_TOKEN_LOSS
from tests.challenge5.wrong_answers.log_softmax import LOG_SOFTMAX
from tests.challenge5.wrong_answers.training import TRAINING

WRONG_ANSWERS = (*LOG_SOFTMAX, *FINAL_TOKEN_LOSS, *DEVICES, *ATTENTION, *TRAINING)

__all__ = ["WRONG_ANSWERS"]
