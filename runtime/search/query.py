"""Search: one SQL statement that ranks by words, by meaning, or by both."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import VARCHAR, bindparam, text
from sqlmodel import Session

from runtime.analysis import Category
from runtime.search.document import vector_literal
from runtime.search.text import query_words

BM25_K1 = 0.6
"""How fast repeating a word stops counting."""
BM25_B = 0.3
"""How much long documents are held back. Both measured on real screenshots; lower than the usual 1.2 and .75, since an
image's text is short and seldom repeats itself on purpose."""
CANDIDATES = 100
"""How many of each list are fused."""


class SearchType(StrEnum):
    """What ranks."""

    BM25 = "bm25"
    """Words: Okapi BM25 over weighted fields."""
    VECTOR = "vector"
    """Meaning: cosine similarity."""
    HYBRID = "hybrid"
    """Both, normalised and weighted."""


class Hit(BaseModel):
    """An item that was found."""

    item_id: UUID
    score: float
    """Higher is better: BM25's score, the cosine, or for hybrid the weighted sum of both, each scaled to 0-1."""
    cosine: float | None
    """Similarity of meaning, -1 to 1; none when searching by words alone."""
    coverage: float | None
    """Share of the query's words that the item has, each weighted by its rarity (IDF), 0 to 1; none when searching by
    meaning alone."""


def search(
    session: Session,
    *,
    query: str,
    vector: Sequence[float] | None,
    search_type: SearchType,
    top_k: int,
    vector_weight: float,
    category: Category | None,
) -> list[Hit]:
    """The tenant's `top_k` best items, best first; equal ones in the order of their ids.

    `vector` is the query's embedding, needed unless searching by words alone; `vector_weight` (0-1) is its share in a
    hybrid score. Only searchable items are found, of `category` if given. Raises `ValueError` without a needed vector.
    """
    by_words = search_type is not SearchType.VECTOR
    by_meaning = search_type is not SearchType.BM25
    if by_meaning and vector is None:
        raise ValueError(f"a search of type {search_type} needs the query's vector")
    rows = session.connection().execute(
        _SEARCH,
        {
            "words": query_words(query) if by_words else None,
            "vector": vector_literal(vector) if by_meaning and vector is not None else None,
            "search_type": search_type.value,
            "vector_weight": vector_weight,
            "category": category,
            "k1": BM25_K1,
            "b": BM25_B,
            "candidates": CANDIDATES,
            "top_k": top_k,
        },
    )
    return [Hit.model_validate(row, from_attributes=True) for row in rows]


# Row-level security confines every table below to the tenant. A leg whose parameter is null costs nothing: Postgres
# sees that its list is empty before it reads a row.
_SEARCH = text("""
with
-- The query's words. One of stop words only ("The Who") is searched as it is.
wanted as materialized (
    select distinct unnest(tsvector_to_array(case
        when to_tsvector('collections', :words) <> ''::tsvector then to_tsvector('collections', :words)
        else to_tsvector('collections_with_stop_words', :words) end)) as lexeme
),
eligible as materialized (
    select item.id
      from item
     where item.status = 'searchable'
       and (:category is null or exists (
            select from search_document as document
             where document.item_id = item.id and document.filters ->> 'category' = :category))
),

-- Words: Okapi BM25 (Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework"), with frequencies already
-- weighted by field. Rarity is judged in the tenant's whole collection, whatever is filtered out of this search.
posting as materialized (
    select posting.lexeme, posting.item_id, posting.frequency, posting.token_count
      from wanted join search_posting as posting using (lexeme)
),
collection as materialized (
    select count(*)::float8 as documents, avg(token_count)::float8 as average_length
      from search_document
     where :words is not null
),
rarity as materialized (
    select wanted.lexeme,
           ln(1 + (collection.documents - coalesce(known.documents, 0) + 0.5)
                / (coalesce(known.documents, 0) + 0.5)) as idf
      from collection, wanted
      left join (select lexeme, count(*) as documents from posting group by lexeme) as known using (lexeme)
),
lexical as materialized (
    select posting.item_id,
           sum(rarity.idf * posting.frequency * (:k1 + 1) / (posting.frequency
               + :k1 * (1 - :b + :b * posting.token_count / collection.average_length))) as bm25,
           sum(rarity.idf) / (select sum(idf) from rarity) as coverage
      from collection, posting
      join rarity using (lexeme)
      join eligible on eligible.id = posting.item_id
     group by posting.item_id
),

-- Meaning: exact, for an index shared by tenants would lose most of what a small tenant has.
semantic as materialized (
    select item_id, 1 - (embedding <=> cast(:vector as halfvec)) as cosine
      from embedding join eligible on eligible.id = item_id
     where :vector is not null
),

-- The best of either list, each with both of its scores.
candidate as (
    (select item_id from lexical order by bm25 desc, item_id limit :candidates)
    union
    (select item_id from semantic order by cosine desc, item_id limit :candidates)
),
scored as (
    select item_id, bm25, cosine, coverage,
           case when :words is not null then coalesce(bm25, 0) end as words,
           case when :words is not null then coalesce(coverage, 0) end as covered
      from candidate left join lexical using (item_id) left join semantic using (item_id)
),
-- Scales differ, so each score is stretched to 0-1 over the candidates (min-max), which ranks better than fusing ranks.
-- Where all are alike, as with one candidate, they count in full.
scaled as (
    select item_id, words, cosine, covered,
           case when max(words) over () = 0 then 0
                else coalesce((words - min(words) over ()) / nullif(max(words) over () - min(words) over (), 0), 1)
           end as words_share,
           case when cosine is null then 0
                else coalesce((cosine - min(cosine) over ()) / nullif(max(cosine) over () - min(cosine) over (), 0), 1)
           end as cosine_share
      from scored
)
select item_id,
       case :search_type when 'bm25' then words
                         when 'vector' then cosine
                         else :vector_weight * cosine_share + (1 - :vector_weight) * words_share end as score,
       cosine,
       covered as coverage
  from scaled
 order by score desc, item_id
 limit :top_k
""").bindparams(*(bindparam(name, type_=VARCHAR) for name in ("words", "vector", "category")))
