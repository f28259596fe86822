"""A database with tenants of all sizes: words as frequent as in any language, and vectors that gather around topics.

Words follow Zipf's law over 50,000, a third of each document's are of its topic. Vectors have 1024 numbers but, as
those of real texts, far fewer dimensions of their own: 64, around 200 topics. Seeds are fixed, so every run has the
same rows.
"""

import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.conninfo import make_conninfo

from local.postgres import Postgres
from runtime.database import connect
from runtime.migrations.upgrade import FUNCTIONS_ROLE, SWEEPER_ROLE, create_login, upgrade
from runtime.postgres import Database, scalar
from runtime.search import tenant_indexes
from runtime.search.document import FIELD_WEIGHTS
from runtime.settings import EMBEDDING_DIMENSIONS

OWNER = "collections_owner"
DATABASE = "collections"
VOCABULARY = 50_000
TOPICS = 200
WORDS_OF_TOPIC = 400
OWN_DIMENSIONS = 64
_LETTERS = ("bdfghjklmnprtz", "aeiou")
_TOKENS = (20, 60, 200)
"""Of a document: at least, in the middle, at most."""
_FIELDS = ((8, "A"), (18, "B"), (43, "C"))
"""Up to which of a document's words each field reaches; the rest are in D."""
_CHUNK = 5_000


@dataclass(frozen=True)
class Documents:
    """What one tenant has."""

    user_id: str
    ids: NDArray[np.uint8]
    """16 bytes each."""
    lengths: NDArray[np.int64]
    words: NDArray[np.int64]
    """Of all documents, one after the other."""
    meaning: NDArray[np.float32]
    """Of each, in its own dimensions."""

    def words_of(self, document: int) -> NDArray[np.int64]:
        start = int(self.lengths[:document].sum())
        return self.words[start : start + int(self.lengths[document])]


@dataclass(frozen=True)
class SearchWorld:
    """The database, filled."""

    functions: Database
    functions_url: str
    superuser: str
    """Where one logs in whom row-level security does not bind, as those who do without it do."""
    tenants: dict[str, Documents]
    projection: NDArray[np.float32]
    log: Path
    """The server's."""

    def backend(self) -> int:
        """The process that serves the functions' one connection."""
        with self.functions.role() as connection:
            return scalar(connection, "select pg_backend_pid()")

    def vectors(self, meaning: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
        """Unit vectors of 1024 numbers, with a little of what a model adds by itself."""
        noise = np.random.default_rng(seed).standard_normal((len(meaning), EMBEDDING_DIMENSIONS), dtype=np.float32)
        vectors = meaning @ self.projection + 0.15 * noise
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def word(number: int) -> str:
    """Three syllables and a k, which no stemmer takes for an ending."""
    consonants, vowels = _LETTERS
    syllables: list[str] = []
    for _ in range(3):
        number, syllable = divmod(number, len(consonants) * len(vowels))
        syllables.append(consonants[syllable // len(vowels)] + vowels[syllable % len(vowels)])
    return "".join(syllables) + "k"


def tenant_name(number: int, prefix: str = "tenant") -> str:
    """As long as a Cognito `sub`."""
    return f"{prefix}-{number:0{35 - len(prefix)}d}"


@contextmanager
def search_world(sizes: dict[str, int]) -> Generator[SearchWorld]:
    """Starts a database, fills it with so many items for each tenant, and has large tenants' indexes built."""
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder) / "postgres", durable=False) as server:
        server.create(username=OWNER, password=OWNER, database=DATABASE)
        owner = connect(_url(server, OWNER), pool_size=2)
        for role in (FUNCTIONS_ROLE, SWEEPER_ROLE):
            create_login(owner, _url(server, role), role)
        upgrade(owner)
        superuser = make_conninfo(server.superuser_url, dbname=DATABASE)
        functions, sweeper = (Database(_url(server, role)) for role in (FUNCTIONS_ROLE, SWEEPER_ROLE))
        rng = np.random.default_rng(7)
        projection = rng.standard_normal((OWN_DIMENSIONS, EMBEDDING_DIMENSIONS), dtype=np.float32) / np.sqrt(
            np.float32(OWN_DIMENSIONS)
        )
        tenants = dict(_tenants(sizes))
        world = SearchWorld(functions, _url(server, FUNCTIONS_ROLE), superuser, tenants, projection, server.log)
        with psycopg.connect(superuser, autocommit=True) as connection:
            # No triggers: what they count is counted at the end, as the migration does.
            connection.execute("set session_replication_role = replica")
            connection.execute(f"alter database {DATABASE} set max_parallel_workers_per_gather = 0")
            for number, documents in enumerate(tenants.values()):
                _load(connection, world, documents, number)
            connection.execute(_COUNT_DOCUMENTS)
            connection.execute(_COUNT_WORDS)
            connection.execute("create index on search_document using gin (tsv)")
            connection.execute("vacuum analyze")
        with sweeper.role() as connection:
            tenant_indexes.request_and_release(connection)
        # More than a small database has, or a hundred thousand vectors take an hour: tenants grow into theirs.
        tenant_indexes.BUILD_MEMORY = "1GB"
        tenant_indexes.build(owner)
        yield world
        owner.dispose()
        for database in (functions, sweeper):
            database.close()


_COUNT_DOCUMENTS = """
insert into search_collection (user_id, documents, tokens)
select user_id, count(*), sum(token_count) from search_document group by user_id
"""
_COUNT_WORDS = """
insert into search_lexeme (user_id, lexeme, documents)
select user_id, lexeme, count(*) from search_posting group by user_id, lexeme
"""


def _url(server: Postgres, role: str) -> str:
    return f"postgresql://{role}:{role}@{server.host}:{server.port}/{DATABASE}?sslmode=disable"


def _tenants(sizes: dict[str, int]) -> Iterator[tuple[str, Documents]]:
    shared = np.random.default_rng(11)
    ranks = np.arange(VOCABULARY)
    common = _cumulative(1 / (ranks + 2.7) ** 1.07)
    of_topic = _cumulative(1 / (np.arange(WORDS_OF_TOPIC) + 2.7))
    topic_words = shared.integers(300, VOCABULARY, (TOPICS, WORDS_OF_TOPIC))
    centres = shared.standard_normal((TOPICS, OWN_DIMENSIONS), dtype=np.float32)
    for number, (user_id, count) in enumerate(sizes.items()):
        rng = np.random.default_rng((23, number))
        least, middle, most = _TOKENS
        lengths = np.clip(rng.lognormal(np.log(middle), 0.5, count), least, most).astype(np.int64)
        topics = rng.integers(0, TOPICS, count)
        total = int(lengths.sum())
        words = np.searchsorted(common, rng.random(total))
        own = topic_words[np.repeat(topics, lengths), np.searchsorted(of_topic, rng.random(total))]
        words = np.where(rng.random(total) < 1 / 3, own, words)
        meaning = centres[topics] + 0.7 * rng.standard_normal((count, OWN_DIMENSIONS), dtype=np.float32)
        ids = rng.integers(0, 256, (count, 16), dtype=np.uint8)
        yield user_id, Documents(user_id, ids, lengths, words, meaning.astype(np.float32))


@cache
def _texts() -> list[str]:
    return [word(number) for number in range(VOCABULARY)]


def _cumulative(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    cumulative = np.cumsum(weights)
    return cumulative / cumulative[-1]


def _load(connection: psycopg.Connection[Any], world: SearchWorld, documents: Documents, number: int) -> None:
    count = len(documents.ids)
    ids = [str(UUID(bytes=each.tobytes())) for each in documents.ids]
    texts = _texts()
    starts = np.concatenate(([0], np.cumsum(documents.lengths)))
    with connection.cursor() as cursor:
        columns = "id, user_id, status, original_key, original_filename, mime_type, file_size, created_at, updated_at"
        with cursor.copy(f"copy item ({columns}) from stdin") as copy:
            for item_id in ids:
                copy.write_row(
                    (item_id, documents.user_id, "searchable", item_id, "a.png", "image/png", 1, "now", "now")
                )
        columns = "item_id, user_id, analysis_id, text, tsv, token_count, filters"
        with cursor.copy(f"copy search_document ({columns}) from stdin") as copy:
            for place, item_id in enumerate(ids):
                of_document = documents.words[starts[place] : starts[place + 1]].tolist()
                copy.write_row(
                    (item_id, documents.user_id, item_id, "", _tsv(of_document, texts), len(of_document), "{}")
                )
        _copy(cursor, "search_posting (user_id, lexeme, item_id, frequency, token_count)", _postings(documents, texts))
        for start in range(0, count, _CHUNK):
            vectors = world.vectors(documents.meaning[start : start + _CHUNK], number * 1_000 + start)
            _copy(
                cursor,
                "embedding (item_id, user_id, embedding, embedding_model)",
                _embeddings(documents, start, vectors),
            )


def _tsv(words: list[int], texts: list[str]) -> str:
    positions: dict[int, list[str]] = {}
    for place, each in enumerate(words, start=1):
        field = next((field for reach, field in _FIELDS if place <= reach), "")
        positions.setdefault(each, []).append(f"{place}{field}")
    return " ".join(f"{texts[each]}:{','.join(places)}" for each, places in positions.items())


def _postings(documents: Documents, texts: list[str]) -> NDArray[Any]:
    """All of them, those of one word together."""
    place = np.arange(len(documents.words)) - np.repeat(
        np.cumsum(documents.lengths) - documents.lengths, documents.lengths
    )
    edges = [reach for reach, _ in _FIELDS]
    weights = np.array(list(FIELD_WEIGHTS.values()))[np.searchsorted(edges, place, side="right")]
    document = np.repeat(np.arange(len(documents.ids)), documents.lengths)
    keys, inverse = np.unique(documents.words * len(documents.ids) + document, return_inverse=True)
    words, owners = np.divmod(keys, len(documents.ids))
    rows = _rows(
        [("user", f"S{len(documents.user_id)}"), ("lexeme", "S7"), ("item", "V16"), ("f", ">f4"), ("n", ">i4")],
        len(keys),
    )
    rows["user"], rows["lexeme"] = documents.user_id.encode(), np.array(texts, dtype="S7")[words]
    rows["item"] = documents.ids.view("V16")[owners, 0]
    rows["f"], rows["n"] = np.bincount(inverse, weights), documents.lengths[owners]
    return rows


def _embeddings(documents: Documents, start: int, vectors: NDArray[np.float32]) -> NDArray[Any]:
    model = b"voyage-4-large"
    rows = _rows(
        [
            ("item", "V16"),
            ("user", f"S{len(documents.user_id)}"),
            ("vector", f"V{4 + 2 * EMBEDDING_DIMENSIONS}"),
            ("model", f"S{len(model)}"),
        ],
        len(vectors),
    )
    half = np.zeros((len(vectors), 2 + EMBEDDING_DIMENSIONS), dtype=">i2")
    half[:, 0] = EMBEDDING_DIMENSIONS
    half[:, 2:] = vectors.astype(">f2").view(">i2")
    rows["item"] = documents.ids[start : start + len(vectors)].view("V16")[:, 0]
    rows["user"], rows["model"] = documents.user_id.encode(), model
    rows["vector"] = half.view(f"V{4 + 2 * EMBEDDING_DIMENSIONS}")[:, 0]
    return rows


def _rows(fields: list[tuple[str, str]], count: int) -> NDArray[Any]:
    """Empty rows in Postgres's binary COPY format: the number of fields, then the length of each before it."""
    layout = [("fields", ">i2")]
    for name, kind in fields:
        layout += [(f"length of {name}", ">i4"), (name, kind)]
    rows = np.zeros(count, dtype=layout)
    rows["fields"] = len(fields)
    for name, kind in fields:
        rows[f"length of {name}"] = np.dtype(kind).itemsize
    return rows


def _copy(cursor: psycopg.Cursor[Any], target: LiteralString, rows: NDArray[Any]) -> None:
    with cursor.copy(f"copy {target} from stdin (format binary)") as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for start in range(0, len(rows), _CHUNK * 4):
            copy.write(rows[start : start + _CHUNK * 4].tobytes())
        copy.write(b"\xff\xff")
