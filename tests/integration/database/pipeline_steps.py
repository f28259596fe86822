"""Items as the pipeline leaves them, made in a line."""

from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

from sqlmodel import Session

from runtime import analyses, batches, embedding_claims, items
from runtime.analysis import Category, ImageAnalysis, ImageDetails, MediaMetadata
from runtime.items import ImageFacts
from runtime.keys import original_key
from runtime.leases import InProgress
from runtime.models import Album, AlbumItem, ItemTag, Tag
from runtime.records import AnalysisRecord, ItemRecord
from tests.sessions import driver

LEASE = timedelta(minutes=5)


def new_item(user_id: str, filename: str = "IMG_0001.png") -> ItemRecord:
    item_id = uuid4()
    return ItemRecord(
        id=item_id,
        user_id=user_id,
        original_key=original_key(user_id, item_id, "png"),
        original_filename=filename,
        mime_type="image/png",
        file_size=1000,
    )


def facts(content: str) -> ImageFacts:
    """What the image processor measures of an image whose bytes are `content`."""
    return ImageFacts(
        mime_type="image/png",
        file_size=len(content),
        width=640,
        height=480,
        sha256=sha256(content.encode()).hexdigest(),
        perceptual_hash=-1,
        taken_at=None,
        latitude=None,
        longitude=None,
        camera=None,
    )


def image_analysis(
    headline: str = "A picture",
    *,
    category: Category = Category.OTHER,
    summary: str = "",
    themes: tuple[str, ...] = (),
    extracted_text: tuple[str, ...] = (),
) -> ImageAnalysis:
    return ImageAnalysis(
        category=category,
        subcategories=[],
        headline=headline,
        summary=summary,
        media_metadata=MediaMetadata(
            original_poster=None, tagged_accounts=[], location_tags=[], audio_source=None, hashtags=[]
        ),
        image_details=ImageDetails(
            extracted_text=list(extracted_text),
            objects=[],
            themes=list(themes),
            emotions=[],
            vibes=[],
            likely_source=None,
            key_interest=None,
            visual_hierarchy=[],
        ),
    )


def claim(
    session: Session,
    item: ItemRecord,
    *,
    request_id: str | None = None,
    lease: timedelta = LEASE,
    model: str = "claude",
) -> analyses.Claim | InProgress | analyses.Finished:
    return analyses.claim(
        driver(session),
        item_id=item.id,
        user_id=item.user_id,
        sha256=item.sha256 or "",
        model=model,
        prompt_version="1",
        request_id=request_id,
        lease=lease,
    )


def add_analysis(session: Session, item: ItemRecord, answer: ImageAnalysis, *, forced: bool = False) -> AnalysisRecord:
    claimed = claim(session, item, request_id=str(uuid4()) if forced else None)
    assert isinstance(claimed, analyses.Claim)
    return analyses.complete(
        driver(session), claimed.analysis_id, analysis=answer, answered_by="claude-x", input_tokens=9, output_tokens=3
    )


def add_processed(
    session: Session, user_id: str, content: str | None = None, filename: str = "IMG_0001.png"
) -> ItemRecord:
    item = items.create(driver(session), new_item(user_id, filename))
    processed = items.mark_processed(driver(session), item.id, facts(content or str(item.id)))
    assert processed is not None
    return processed


def add_embedding_claim(session: Session, item: ItemRecord, text: str) -> embedding_claims.EmbeddingWork:
    assert items.lock(driver(session), item.id)
    work = embedding_claims.claim(
        driver(session), item_id=item.id, user_id=item.user_id, text=text, model="voyage", lease=LEASE
    )
    assert isinstance(work, embedding_claims.EmbeddingWork)
    return work


def add_tag_and_album(session: Session, item: ItemRecord) -> None:
    """One of each, with the item."""
    tag = Tag(user_id=item.user_id, name=f"tag of {item.id}")
    album = Album(user_id=item.user_id, name="Album")
    session.add_all([tag, album])
    session.flush()
    session.add(ItemTag(item_id=item.id, tag_id=tag.id, user_id=item.user_id))
    session.add(AlbumItem(item_id=item.id, album_id=album.id, user_id=item.user_id))
    session.flush()


def add_batch_request(session: Session, item: ItemRecord) -> None:
    """The item waits for a batch."""
    note = {"correlation_id": "backfill", "model": "claude-test", "prompt_version": "1"}
    assert batches.note(driver(session), item_id=item.id, user_id=item.user_id, **note)
