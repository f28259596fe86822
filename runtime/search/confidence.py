"""How sure a search is that a document is what was looked for.

Two things speak for a document, and either may be enough: it has the query's words, or it means what the query means.

    confidence = 1 - (1 - coverage ^ 1.5) * (1 - meaning)
    meaning    = (excess - UNLIKE) / (ALIKE - UNLIKE), within 0 and 1
    excess     = (cosine - background) / (1 - background)

*coverage* is the share of the query's words that the document has, each weighted by its rarity (IDF) among the tenant's
documents, so that a word which no document has weighs most; the power has half of a query speak for less than half.
*background* is the mean cosine of the query and up to `SAMPLE` of the tenant's documents, whatever they are about.
Embedding models differ in how alike they find texts that have nothing in common (Universal Sentence Encoder .0 to .1,
Voyage's models .2 to .4), and the background takes that out, so that the figures below need not be found anew for each
model. A search by words alone knows only coverage, one by meaning alone only meaning.

The figures are from short queries to descriptions of screenshots, photographs and scans, embedded by the multilingual
Universal Sentence Encoder: the best document of queries that have an answer had an excess of .17 or more in nine of ten
cases, that of queries without one .14 or less in three of four. They lean to showing: what is shown in vain can be
passed over, what is hidden cannot be found.
"""

from collections.abc import Mapping

WORDS_POWER = 1.5
UNLIKE = 0.05
"""Excess that speaks for nothing."""
ALIKE = 0.45
"""Excess that leaves no doubt."""
FLOORS: Mapping[str, float] = {"bm25": 0.1, "vector": 0.2, "hybrid": 0.35}
"""By type of search: one whose surest document is below this has found nothing. Where words and meaning both may speak
for a document, more can be asked of it. Alone, words of a fifth of the query's rarity are enough, or an excess of
.13."""
LEAST = 0.05
"""A document for which less than this speaks is not among the results, however sure the search is of others."""

SAMPLE = 100
"""Documents whose cosines make the background."""
USUAL_BACKGROUND = 0.1
USUAL_WEIGHT = 10
"""Of few documents a mean says little: the usual one counts as so many documents more."""
MOST_BACKGROUND = 0.3
"""Where all that somebody keeps is alike, all of it may be what is looked for."""

PARAMETERS = {
    "words_power": WORDS_POWER,
    "unlike": UNLIKE,
    "alike": ALIKE,
    "sample": SAMPLE,
    "usual_background": USUAL_BACKGROUND,
    "usual_weight": USUAL_WEIGHT,
    "most_background": MOST_BACKGROUND,
}
"""What the statement needs to know of this."""
