"""What search knows of an item: a weighted text for words, a vector for meaning."""

from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import NamedTuple

from psycopg.types.json import Jsonb

from runtime.analysis import ImageAnalysis
from runtime.postgres import Connection
from runtime.records import AnalysisRecord, ItemRecord
from runtime.search.text import document_words

FIELD_WEIGHTS = {"a": 1.0, "b": 0.8, "c": 0.6, "d": 0.5}
"""What one occurrence of a word counts, by field. Gentler than Postgres's defaults (1, .4, .2, .1), which nearly ignore
the text in an image; found by measuring on real screenshots."""


class _Fields(NamedTuple):
    """An item's words by how much they say about it."""

    a: str
    """Headline, and the user's own title and tags."""
    b: str
    """Category, subcategories, themes, objects, hashtags."""
    c: str
    """Summary, the user's note, and other details."""
    d: str
    """Text in the image."""


def document_text(item: ItemRecord, analysis: AnalysisRecord, tags: Sequence[str] = ()) -> str:
    """What is embedded: prose first, then lists, the text in the image last, where a model may truncate it. `tags` are
    the item's.

    Raises `ValueError` for an analysis that is not finished.
    """
    seen = _seen(analysis)
    return _lines(
        [
            item.title,
            seen.headline,
            seen.summary,
            item.note,
            _list("Tags", tags),
            _list("Categories", [item.category or seen.category, *seen.subcategories]),
            _list("Themes", seen.image_details.themes),
            _list("Text in the image", seen.image_details.extracted_text),
            _list("File", [item.original_filename]),
        ]
    )


def index(
    connection: Connection,
    item: ItemRecord,
    analysis: AnalysisRecord,
    vector: Sequence[float],
    model: str,
    tags: Sequence[str] = (),
) -> None:
    """Make `item` findable by `analysis`, its newest, by its `tags`, and by `vector`, which `model` made of
    `document_text`.

    Replaces what search knew of the item. Raises `ValueError` for an analysis that is not finished.
    """
    seen = _seen(analysis)
    fields = _fields(item, seen, tags)
    written = {f"words_{name}": document_words(words) for name, words in fields._asdict().items()}
    connection.execute(
        _STORE_DOCUMENT,
        {
            "item_id": item.id,
            "user_id": item.user_id,
            "analysis_id": analysis.id,
            "text": document_text(item, analysis, tags).replace("\0", ""),
            "filters": Jsonb({"category": item.category or seen.category, "subcategories": seen.subcategories}),
            **written,
        },
    )
    connection.execute(_FORGET_WORDS, {"item_id": item.id})
    connection.execute(_STORE_WORDS, {"item_id": item.id, **FIELD_WEIGHTS, **written, **_texts(item, seen)})
    connection.execute(
        _STORE_VECTOR,
        {
            "item_id": item.id,
            "user_id": item.user_id,
            "embedding": vector_literal(vector),
            "embedding_model": model,
        },
    )


def vector_literal(vector: Sequence[float]) -> str:
    """`vector` as pgvector reads it."""
    return f"[{','.join(map(repr, vector))}]"


# First, since it locks the item's document: whoever indexes the same item at the same time waits here.
_STORE_DOCUMENT = """
insert into search_document (item_id, user_id, analysis_id, text, tsv, token_count, filters)
select %(item_id)s, %(user_id)s, %(analysis_id)s, %(text)s, words.tsv,
       coalesce((select sum(cardinality(positions)) from unnest(words.tsv)), 0), %(filters)s
  from (select setweight(to_tsvector('collections_with_stop_words', %(words_a)s::text), 'A')
            || setweight(to_tsvector('collections_with_stop_words', %(words_b)s::text), 'B')
            || setweight(to_tsvector('collections_with_stop_words', %(words_c)s::text), 'C')
            || setweight(to_tsvector('collections_with_stop_words', %(words_d)s::text), 'D') as tsv) as words
on conflict (item_id) do update
   set analysis_id = excluded.analysis_id, text = excluded.text, tsv = excluded.tsv,
       token_count = excluded.token_count, filters = excluded.filters
"""

_FORGET_WORDS = "delete from search_posting where item_id = %(item_id)s"

# A word counts once in each language that the image's text, the user's words, or the analysis are written in. Digits
# have no language.
_STORE_WORDS = """
insert into search_posting (user_id, lexeme, item_id, frequency, token_count)
select document.user_id, word.lexeme, document.item_id,
       sum(case weight when 'A' then %(a)s when 'B' then %(b)s when 'C' then %(c)s else %(d)s end),
       document.token_count
  from search_document as document,
       lateral (
           select lexeme, weights from unnest(document.tsv)
            union all
           select language.code || ':' || unaccent(stem.lexeme), stem.weights
             from search_languages() as language,
                  unnest(setweight(to_tsvector(language.configuration, %(words_a)s::text), 'A')
                      || setweight(to_tsvector(language.configuration, %(words_b)s::text), 'B')
                      || setweight(to_tsvector(language.configuration, %(words_c)s::text), 'C')
                      || setweight(to_tsvector(language.configuration, %(words_d)s::text), 'D')) as stem
            where language.code in (search_language_of(%(in_image)s), search_language_of(%(by_user)s),
                                    search_language_of(%(by_analysis)s))
              and stem.lexeme !~ '[0-9]'
       ) as word,
       unnest(word.weights) as weight
 where document.item_id = %(item_id)s
 group by document.user_id, word.lexeme, document.item_id, document.token_count
"""

_STORE_VECTOR = """
insert into embedding (item_id, user_id, embedding, embedding_model)
values (%(item_id)s, %(user_id)s, cast(%(embedding)s as halfvec), %(embedding_model)s)
on conflict (item_id) do update
   set embedding = excluded.embedding, embedding_model = excluded.embedding_model
"""


def _fields(item: ItemRecord, seen: ImageAnalysis, tags: Sequence[str]) -> _Fields:
    details = seen.image_details
    media = seen.media_metadata
    return _Fields(
        a=_lines([seen.headline, item.title, *tags]),
        b=_lines(
            [item.category or seen.category, *seen.subcategories, *details.themes, *details.objects, *media.hashtags]
        ),
        c=_lines(
            [
                seen.summary,
                item.note,
                # A file's extension says nothing that a person searches for.
                PurePath(item.original_filename).stem,
                media.original_poster,
                media.audio_source,
                details.likely_source,
                details.key_interest,
                *media.tagged_accounts,
                *media.location_tags,
                *details.emotions,
                *details.vibes,
                *details.visual_hierarchy,
            ]
        ),
        d=_lines(details.extracted_text),
    )


def _texts(item: ItemRecord, seen: ImageAnalysis) -> dict[str, str]:
    """What may be in a language of its own."""
    return {
        "in_image": document_words(_lines(seen.image_details.extracted_text)),
        "by_user": document_words(_lines([item.title, item.note])),
        "by_analysis": document_words(_lines([seen.headline, seen.summary])),
    }


def _seen(analysis: AnalysisRecord) -> ImageAnalysis:
    if analysis.result is None:
        raise ValueError(f"analysis {analysis.id} is not finished")
    return ImageAnalysis.model_validate(analysis.result)


def _lines(parts: Iterable[str | None]) -> str:
    return "\n".join(part for part in parts if part)


def _list(label: str, values: Sequence[str]) -> str | None:
    return f"{label}: {', '.join(values)}" if values else None
