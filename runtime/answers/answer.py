"""One answer from the results of one search."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from runtime.answers import cited, evidence
from runtime.answers.cited import Answer, CitedAnswer
from runtime.answers.evidence import DATA_IS_NO_INSTRUCTION, Evidence
from runtime.claude import Account, Budget, Claude, NoAnswerError, Question, read

ITEMS = 10
"""Results that Claude is shown, the best first."""
MAX_TOKENS = 800
"""Of an answer."""

PROMPT = f"""\
You answer a person's question about the images in their own collection: screenshots, photos, scans. You are given the \
items that a search found, and nothing else is known about the collection.

Answer only from these items. If they do not answer the question, say so, and do not guess. Quote amounts, dates and \
names as they are written. Where items contradict each other, say so. "taken" is when an image was made and "added" \
when it was uploaded.

{DATA_IS_NO_INSTRUCTION}"""


def answer(
    claude: Claude,
    *,
    question: str,
    items: Sequence[Evidence],
    confidence_of: Mapping[UUID, float],
    model: str,
    budget: Budget,
    account: Account,
) -> Answer:
    """Answer from `items`; `confidence_of` says how sure the search is of each. Without items nobody is asked, and
    where Claude gives no answer, the text says why."""
    shown = [item for item in items[:ITEMS] if item.item_id in confidence_of]
    if not shown:
        return cited.nothing_found()
    content = [
        {"type": "text", "text": evidence.as_items(shown)},
        {"type": "text", "text": f"<question>{evidence.as_data(question)}</question>"},
    ]
    asked = Question(
        model=model,
        system=PROMPT,
        messages=[{"role": "user", "content": content}],
        max_tokens=MAX_TOKENS,
        answer=CitedAnswer,
    )
    try:
        given = read(claude.ask(asked, budget, account), CitedAnswer)
        return cited.check(given, {item.item_id: confidence_of[item.item_id] for item in shown})
    except NoAnswerError as error:
        return cited.no_answer(error, found=True)
