"""What an analysis of an image says: the structure that Claude is asked for, stored and searched."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator

MODELS = ("claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5")
"""Claude models that a user may choose between, besides the stack's own: all of them look at images."""

HEADLINE_LENGTH = 140
"""Characters. The API's structured output does not enforce lengths, so longer headlines are cut here."""


class Category(StrEnum):
    """The fixed list of contract section 6; subcategories are free."""

    ART = "Art"
    BEAUTY = "Beauty"
    DOCUMENT = "Document"
    EDUCATION = "Education"
    ENTERTAINMENT = "Entertainment"
    FASHION = "Fashion"
    FINANCE = "Finance"
    FOOD = "Food"
    HEALTH = "Health"
    HOME = "Home"
    NATURE = "Nature"
    OTHER = "Other"
    PEOPLE = "People"
    RECEIPT = "Receipt"
    SHOPPING = "Shopping"
    SPORT = "Sport"
    TECHNOLOGY = "Technology"
    TRAVEL = "Travel"
    WORK = "Work"


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class MediaMetadata(_Answer):
    """Where a screenshot of a post, a story or a video comes from."""

    original_poster: str | None = Field(description="Account or person that posted it, as shown; null if none is shown")
    tagged_accounts: list[str] = Field(description="Accounts mentioned or tagged, with their @")
    location_tags: list[str] = Field(description="Places named or tagged")
    audio_source: str | None = Field(description="Song or sound that is credited; null if none")
    hashtags: list[str] = Field(description="Hashtags, with their #")


class ImageDetails(_Answer):
    """What can be seen and read."""

    extracted_text: list[str] = Field(description="All legible text, line by line, in reading order, in its language")
    objects: list[str] = Field(description="Things that can be seen")
    themes: list[str] = Field(description="What it is about")
    emotions: list[str] = Field(description="Emotions that people in it show or that it evokes")
    vibes: list[str] = Field(description="Mood and style, in a few words each")
    likely_source: str | None = Field(description="App, website or device it likely comes from; null if unclear")
    key_interest: str | None = Field(description="Why a person would keep it; null if unclear")
    visual_hierarchy: list[str] = Field(description="What draws the eye, most prominent first")


class ImageAnalysis(_Answer):
    """One look at one image."""

    category: Category = Field(description="The one category that fits best")
    subcategories: list[str] = Field(description="Up to five narrower categories, free words")
    headline: str = Field(description=f"What it is, in one line of at most {HEADLINE_LENGTH} characters")
    summary: str = Field(description="Two to four sentences: what it shows, and the facts one would search for")
    media_metadata: MediaMetadata
    image_details: ImageDetails

    @field_validator("headline")
    @classmethod
    def _cut(cls, value: str) -> str:
        return value if len(value) <= HEADLINE_LENGTH else value[: HEADLINE_LENGTH - 1].rstrip() + "…"
