"""Writing text so that Postgres's word parser finds the words in it.

The parser knows spaces: a Japanese or Chinese sentence is one word to it, and so are host names, paths and file names.
Documents and queries both go through here, or they would not meet.
"""

import re
import unicodedata
from collections.abc import Callable

_CJK = (
    "\u3005\u3007"  # iteration mark, zero
    "\u3040-\u30ff\u31f0-\u31ff"  # Hiragana, Katakana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\u1100-\u11ff\uac00-\ud7ff"  # Hangul
)
_CJK_RUN = re.compile(f"[{_CJK}]+")
_JOINTS = re.compile(
    r"[_/\\@|+=&?:]"  # never part of a word
    r"|(?<=[^\W\d])\.(?=[^\W\d])"  # host and file names; not the point of a number
    r"|(?<=\w)[-\u2010-\u2015](?=\w)"  # compounds and dates; not a minus
)


def document_words(text: str) -> str:
    """`text` for indexing. Runs of Han, Kana and Hangul become their single characters and overlapping pairs."""
    return _spaced(text, lambda run: [*run, *_pairs(run)])


def query_words(text: str) -> str:
    """`text` for searching. Runs become their pairs alone, which say more than single characters."""
    return _spaced(text, lambda run: _pairs(run) or [run])


def phrase_words(text: str) -> list[str]:
    """`text` for finding it word for word. Runs of unspaced scripts are phrases of their own, for in documents their
    single characters stand between them and their neighbours."""
    parts = _CJK_RUN.sub(lambda run: f"\n{run.group()}\n", " ".join(_plain(text).split())).split("\n")
    return [words for words in map(query_words, parts) if any(map(str.isalnum, words))]


def _spaced(text: str, split: Callable[[str], list[str]]) -> str:
    return _CJK_RUN.sub(lambda run: f" {' '.join(split(run.group()))} ", _plain(text)).strip()


def _plain(text: str) -> str:
    # Postgres has no place for a zero byte; compatibility forms (full width, ligatures) become the plain ones.
    return _JOINTS.sub(" ", unicodedata.normalize("NFKC", text).replace("\0", " "))


def _pairs(run: str) -> list[str]:
    return [run[start : start + 2] for start in range(len(run) - 1)]
