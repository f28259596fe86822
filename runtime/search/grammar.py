"""What a person may write into the search field: words, `"exact phrases"`, and `-words` to leave out.

Everything else is text. There is nothing that is an error: a quotation mark without its partner is ignored, a minus
counts only where a word begins and a letter or a phrase follows, so that "-5 degrees" stays what it is.
"""

import re
from typing import NamedTuple

from runtime.search.text import phrase_words, query_words

_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\uff02", '"'))
_MARKED = re.compile(
    r'(?P<minus>(?<!\S)-)?"(?P<phrase>[^"]*)"'  # "exact phrase", -"exact phrase"
    r"|(?<!\S)-(?P<word>[^\W\d_][^\s\"]*)"  # -word
)


class Query(NamedTuple):
    """A query, taken apart."""

    text: str
    """What is looked for, as a person would say it: for models that read."""
    words: str
    """The same, ready for Postgres's word parser. What phrases are made of is among them."""
    phrases: list[str]
    """What must be there word for word, each ready for the parser."""
    barred_words: str
    """What must not be there, ready for the parser."""
    barred_phrases: list[str]


def parse(query: str) -> Query:
    """Take `query` apart."""
    phrases: list[str] = []
    barred_words: list[str] = []
    barred_phrases: list[str] = []

    def take(match: re.Match[str]) -> str:
        word, phrase = match["word"], match["phrase"]
        if word is not None:
            parts = phrase_words(word)
            # What the parser takes for several words ("-wi-fi") is left out where all stand together.
            (barred_words if len(parts) == 1 and " " not in parts[0] else barred_phrases).extend(parts)
            return " "
        (barred_phrases if match["minus"] else phrases).extend(phrase_words(phrase))
        return " " if match["minus"] else f" {phrase} "

    # One that has lost its partner says nothing.
    text = " ".join(_MARKED.sub(take, query.translate(_QUOTES)).replace('"', " ").split())
    return Query(text, query_words(text), phrases, " ".join(barred_words), barred_phrases)
