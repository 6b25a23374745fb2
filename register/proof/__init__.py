"""Which proof of origin applies: the question, the points of the law one by one, and the answer with its grounds.

Pure: no database, no web. The server, the static mirror and the command line ask the same `answer`.
"""

from register.proof.answers import Answer, answer, encode
from register.proof.points import RULES
from register.proof.question import QUESTION_RULES, Fault, Question, QuestionError, read_question
from register.proof.rule import Rule
from register.proof.texts import CHOICES, Text

__all__ = [
    "CHOICES",
    "QUESTION_RULES",
    "RULES",
    "Answer",
    "Fault",
    "Question",
    "QuestionError",
    "Rule",
    "Text",
    "answer",
    "encode",
    "read_question",
]
