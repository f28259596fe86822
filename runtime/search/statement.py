"""The one SQL statement of a search, put together from what the query needs.

Row-level security confines every table in it to the tenant. `offset 0` keeps Postgres from turning a look-up for each
row into a join that reads the whole table. A leg whose parameter is null costs nothing: its list is empty before a row
is read.
"""

from functools import cache
from typing import NamedTuple

from runtime.search.filters import CONDITIONS
from runtime.search.way import Way


class Shape(NamedTuple):
    """What a search has to consider; searches of one shape have the same statement."""

    way: Way
    conditions: tuple[str, ...]
    """Names in `runtime.search.filters.CONDITIONS`."""
    phrases: bool
    """Whether something must be there word for word."""
    bars: bool
    """Whether something must not be there."""


@cache
def statement(shape: Shape) -> bytes:
    """The statement for searches of this shape."""
    conditions = [CONDITIONS[name] for name in shape.conditions]
    parts = [_WORDS, _RARITY]
    if shape.phrases:
        parts.append(_PHRASES)
        conditions.append(_HAS_PHRASES)
    if shape.bars:
        parts.append(_BARRED)
        conditions.append(_IS_NOT_BARRED)
    parts += (part.replace("{conditions}", "".join(conditions)) for part in _LEGS[shape.way])
    return f"with {','.join([*parts, _LEXICAL, _FUSION])}{_RESULT}".encode()


_WORDS = r"""
-- Read once: as a parameter of a prepared statement it would be parsed again for every row that it is compared with.
asked as materialized (
    select cast(%(vector)s::varchar as halfvec) as vector
),
-- The query's words. One of stop words only ("The Who") is searched as it is.
word as materialized (
    select lexeme, plain
      from unnest(tsvector_to_array(to_tsvector('simple', %(words)s::varchar))) as plain
     cross join lateral unnest(tsvector_to_array(case
           when to_tsvector('collections', %(words)s::varchar) <> ''::tsvector then to_tsvector('collections', plain)
           else to_tsvector('collections_with_stop_words', plain) end)) as lexeme
),
-- How documents may have them: as they are, or by their stems in other languages.
form as materialized (
    select lexeme as word, lexeme from word
    union
    select word.lexeme, language.code || ':' || unaccent(stem)
      from word, search_languages() as language, unnest(ts_lexize(language.stemmer, word.plain)) as stem
),
known as materialized (
    select form.word, form.lexeme, 1.0::float8 as weight, entry.documents
      from form cross join lateral (
           select documents from search_lexeme where lexeme = form.lexeme offset 0) as entry
),
-- Words that no document has are taken for misspelt: those count that begin alike, save for one letter, and are an edit
-- away (two letters that changed places are one), or two in a long word. Documents have stems, so the word's beginning
-- is compared too.
misspelt as materialized (
    select distinct lexeme as word, length(lexeme) as letters,
           array[left(lexeme, 1), substr(lexeme, 2, 1)] as heads,
           array[substr(lexeme, 2, 2), left(lexeme, 2)] as shoulders
      from word
     where lexeme ~ '^[[:alpha:]]{4,40}$' and not exists (select from known where known.word = word.lexeme)
),
neighbour as materialized (
    select misspelt.word, misspelt.letters, near.*
      from misspelt cross join lateral (
           select lexeme, documents, written, written <> misspelt.word as is_beginning,
                  levenshtein_less_equal(lexeme, written, 2) as distance
             from (select lexeme, documents from search_lexeme where head = any(misspelt.heads)
                    union
                   select lexeme, documents from search_lexeme where shoulder = any(misspelt.shoulders)) as alike
            cross join lateral (
                  select misspelt.word as written
                   union
                  select left(misspelt.word, length(lexeme)) where length(lexeme) >= 5) as writing
            where length(lexeme) between misspelt.letters - 3 and misspelt.letters + 2
           offset 0) as near
     where near.distance <= 2
),
correction as materialized (
    select word, lexeme, documents, distance,
           row_number() over (partition by word order by distance, documents desc, lexeme) as place
      from (select word, lexeme, max(documents) as documents, min(distance) as distance
              from (select word, letters, lexeme, documents, is_beginning, case when distance = 2 and (
                         select string_agg(letter, '' order by letter) from regexp_split_to_table(written, '') as letter
                         ) = (
                         select string_agg(letter, '' order by letter) from regexp_split_to_table(lexeme, '') as letter
                         ) then 1 else distance end as distance
                      from neighbour) as counted
             where distance <= case when letters >= %(long_word)s and not is_beginning then 2 else 1 end
             group by word, lexeme) as nearest
),
term as materialized (
    select word, lexeme, weight, documents from known
    union all
    select word, lexeme, power(%(typo_weight)s, distance), documents from correction where place <= %(corrections)s
)"""

# Rarity is judged in the tenant's whole collection, whatever is filtered out of this search.
_RARITY = """
rarity as materialized (
    select wanted.word, ln(1 + (%(documents)s - coalesce(found.documents, 0) + 0.5)
                             / (coalesce(found.documents, 0) + 0.5)) as idf
      from (select distinct lexeme as word from word) as wanted
      left join (select word, least(max(documents), %(documents)s) as documents from term group by word) as found
     using (word)
)"""

# Where a phrase's rarest word is, its neighbours are looked at.
_HAS = r"""
    select posting.item_id, {name}.number
      from (select number, phraseto_tsquery('collections_with_stop_words', written) as wanted,
                   (select lexeme
                      from unnest(tsvector_to_array(to_tsvector('collections_with_stop_words', written))) as lexeme
                      left join search_lexeme using (lexeme) order by coalesce(documents, 0), lexeme limit 1) as rarest
              from unnest(%({name}s)s::varchar[]) with ordinality as listed (written, number)) as {name}
      join search_posting as posting on posting.lexeme = {name}.rarest
      join search_document as document on document.item_id = posting.item_id and document.tsv @@ {name}.wanted"""

_PHRASES = """
phrased as materialized (
    select item_id from ({found}) as found group by item_id having count(*) = cardinality(%(phrases)s::varchar[])
)""".replace("{found}", _HAS.replace("{name}", "phrase"))
_HAS_PHRASES = """
       and item.id in (select item_id from phrased)"""

_BARRED = r"""
barred as materialized (
    select posting.item_id
      from search_posting as posting
     where posting.lexeme in (
           select lexeme from unnest(tsvector_to_array(
                  to_tsvector('collections_with_stop_words', %(barred_words)s::varchar))) as lexeme
           union
           select language.code || ':' || unaccent(stem)
             from unnest(tsvector_to_array(to_tsvector('simple', %(barred_words)s::varchar))) as plain,
                  search_languages() as language, unnest(ts_lexize(language.stemmer, plain)) as stem)
    union
    select item_id from ({found}) as found
)""".replace("{found}", _HAS.replace("{name}", "barred_phrase"))
_IS_NOT_BARRED = """
       and not exists (select from barred where barred.item_id = item.id)"""

_ELIGIBLE = """
eligible as materialized (
    select item.id from item
     where item.status = 'searchable'{conditions}
)"""
_POSTINGS = """
posting as materialized (
    select term.word, term.weight, posting.item_id, posting.frequency, posting.token_count
      from term cross join lateral (
           select item_id, frequency, token_count from search_posting where lexeme = term.lexeme offset 0) as posting
      join eligible on eligible.id = posting.item_id
)"""
# Meaning: exact, for an index shared by tenants would lose most of what a small tenant has.
_EVERY_VECTOR = """
semantic as materialized (
    select item_id, 1 - (embedding <=> (select vector from asked)) as cosine
      from embedding join eligible on eligible.id = item_id
     where %(vector)s::varchar is not null
)"""
_NOMINEES = """
champion as materialized (
    select * from tenant_champions(array(select lexeme from term), %(champions)s)
),
near as materialized (
    select item_id, cosine from tenant_nearest((select vector from asked), %(nearest)s)
     where %(vector)s::varchar is not null
),
nominee as materialized (
    (select champion.item_id
       from champion join term using (lexeme) join rarity using (word)
      group by champion.item_id
      order by sum(rarity.idf * term.weight * champion.impact) desc, champion.item_id limit %(nominees)s)
    union
    select item_id from near
),
eligible as materialized (
    select nominee.item_id as id
      from nominee cross join lateral (
           select from item
            where item.id = nominee.item_id and item.status = 'searchable'{conditions} offset 0) as living
)"""
# Of a word in few documents all are champions; only of others more has to be looked up.
_NOMINATED_POSTINGS = """
posting as materialized (
    select term.word, term.weight, eligible.id as item_id, champion.frequency, champion.token_count
      from champion join term using (lexeme) join eligible on eligible.id = champion.item_id
    union all
    select term.word, term.weight, eligible.id, posting.frequency, posting.token_count
      from term cross join eligible cross join lateral (
           select frequency, token_count from search_posting
            where lexeme = term.lexeme and item_id = eligible.id offset 0) as posting
     where term.documents > %(champions)s
       and (term.lexeme, eligible.id) not in (select lexeme, item_id from champion)
)"""
_NOMINATED_VECTORS = """
semantic as materialized (
    select near.item_id, near.cosine from near join eligible on eligible.id = near.item_id
    union all
    select eligible.id, 1 - (vector.embedding <=> (select vector from asked))
      from eligible cross join lateral (
           select embedding from embedding where item_id = eligible.id offset 0) as vector
     where %(vector)s::varchar is not null and eligible.id not in (select item_id from near)
)"""
_ELIGIBLE_VECTORS = """
semantic as materialized (
    select eligible.id as item_id, 1 - (vector.embedding <=> (select vector from asked)) as cosine
      from eligible cross join lateral (
           select embedding from embedding where item_id = eligible.id offset 0) as vector
     where %(vector)s::varchar is not null
)"""
_LEGS = {
    Way.EXACT: (_ELIGIBLE, _POSTINGS, _EVERY_VECTOR),
    Way.NARROWED: (_ELIGIBLE, _POSTINGS, _ELIGIBLE_VECTORS),
    Way.INDEXED: (_NOMINEES, _NOMINATED_POSTINGS, _NOMINATED_VECTORS),
}

# Okapi BM25 (Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework"), with frequencies already weighted by
# field. A word that a document has in several forms counts once, by the best of them.
_LEXICAL = """
lexical as materialized (
    select item_id, sum(idf * score) as bm25, sum(idf * weight) / (select sum(idf) from rarity) as coverage
      from (select item_id, word, max(weight) as weight,
                   max(weight * frequency * (%(k1)s + 1) / (frequency
                       + %(k1)s * (1 - %(b)s + %(b)s * token_count / %(average_length)s))) as score
              from posting group by item_id, word) as scored
      join rarity using (word)
     group by item_id
)"""

# The best of either list, each with both of its scores. Scales differ, so each score is stretched to 0-1 over the
# candidates (min-max), which ranks better than fusing ranks. Where all are alike, as with one candidate, they count in
# full.
_FUSION = """
background as materialized (
    select least(greatest((coalesce(sum(cosine), 0) + %(usual_background)s * %(usual_weight)s)
                          / (count(*) + %(usual_weight)s), 0), %(most_background)s) as cosine
      from (select 1 - (embedding <=> (select vector from asked)) as cosine
              from (select embedding from embedding
                     where %(vector)s::varchar is not null limit %(sample)s) as sample) as sampled
),
candidate as (
    (select item_id from lexical order by bm25 desc, item_id limit %(candidates)s)
    union
    (select item_id from semantic order by cosine desc, item_id limit %(candidates)s)
),
scored as (
    select item_id, cosine,
           case when %(words)s::varchar is not null then coalesce(bm25, 0) end as words,
           case when %(words)s::varchar is not null then coalesce(coverage, 0) end as coverage
      from candidate left join lexical using (item_id) left join semantic using (item_id)
),
scaled as (
    select item_id, words, scored.cosine, coverage,
           case when max(words) over () = 0 then 0
                else coalesce((words - min(words) over ()) / nullif(max(words) over () - min(words) over (), 0), 1)
           end as words_share,
           case when scored.cosine is null then 0
                else coalesce((scored.cosine - min(scored.cosine) over ())
                    / nullif(max(scored.cosine) over () - min(scored.cosine) over (), 0), 1)
           end as cosine_share,
           1 - (1 - power(least(coalesce(coverage, 0), 1), %(words_power)s))
             * (1 - least(greatest(coalesce(
                   ((scored.cosine - background.cosine) / (1 - background.cosine) - %(unlike)s)
                       / (%(alike)s - %(unlike)s),
                   0), 0), 1)) as confidence
      from scored, background
),
judged as (
    select *, max(confidence) over () as best from scaled
)"""
_RESULT = r"""
select item_id,
       case %(search_type)s when 'bm25' then words
                         when 'vector' then cosine
                         else %(vector_weight)s * cosine_share + (1 - %(vector_weight)s) * words_share end as score,
       cosine, coverage, confidence::float8, best::float8
  from judged
 where best >= %(floor)s and confidence >= %(least)s
 order by score desc, item_id
 limit %(top_k)s
"""
