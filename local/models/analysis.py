"""From what was found in an image to what is said of it: the knowledge that fills the schema of an analysis."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, cast

from local.models.appearance import Kind
from local.models.category import UNKNOWN, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydantic import JsonValue

    from local.models.vision import Findings, TextRow
    from local.models.wire import JsonObject

_HEADLINE_LENGTH = 140
_SUMMARY_TEXT_LENGTH = 400

_KEYED_LINE = re.compile(r"^\W*(?P<key>[A-Za-z][A-Za-z _/-]{1,30}?)\W*[:=]\s*(?P<value>\S.*)$", re.MULTILINE)
_FILE_NAME = re.compile(r"[\w.-]+\.(?:jpe?g|png|hei[cf]|webp|gif|avif|tiff?)\b", re.IGNORECASE)
_DATE = re.compile(r"\b(?:19|20)\d\d[-:]\d\d[-:]\d\d\b")
_HANDLE = re.compile(r"(?<![\w.])@\w(?:[\w.]*\w)?")
_HASHTAG = re.compile(r"(?<!\w)#\w+")
_AUDIO = re.compile(r"(?:original (?:audio|sound)|now playing|♪|♫)\s*[-:·]?\s*(?P<source>.+)", re.IGNORECASE)
_PLACE = re.compile(r"(?:📍|\blocation\s*:|\bvenue\s*:|場所\s*:)\s*(?P<place>.+)", re.IGNORECASE)
_TOWN = re.compile(r"[^\W\d][\w' -]+, [^\W\d][\w' -]+")
_SOCIAL = re.compile(r"\b\d[\d.,]*[km]? (?:likes?|comments?|views|shares|reposts)\b", re.IGNORECASE)
_CLOCK_OR_BATTERY = re.compile(r"^\W*\d{1,2}:\d\d\b|\b\d{1,3} ?%\W*$")
_TITLE_HEIGHT = 0.8
"""Share of the largest letters' height that a title has; what is measured of letters varies by a fifth."""
_STATUS_BAR = 0.06
"""Share of a screenshot's height that a phone's clock and battery take."""
_FAILURE = re.compile(r"\b(?i:error|exception|violation|failed|denied|refused)\b|\w(?:Error|Exception|Violation)\b")
_KEY_ROWS = (
    _FAILURE,
    re.compile(r"^\W*(?:grand |amount )?total\b.*\d|\btotal due\b|合計|請求金額", re.IGNORECASE),
    re.compile(r"\b(?:due|deadline|valid until|appointment)\b.*\d", re.IGNORECASE),
)
"""Rows that a person would look for again, the most telling first."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the prompt says of the image besides showing it."""

    file_name: str
    """Empty if it says none."""
    taken: str
    """Date, `YYYY-MM-DD`; empty if it says none."""
    camera: str

    @classmethod
    def read(cls, prompt: str) -> Context:
        """Take file name, date and camera from lines such as `File name: beach.jpg`, or from anywhere in the text."""
        keyed = [(match["key"].lower(), match["value"].strip(" .\"'`")) for match in _KEYED_LINE.finditer(prompt)]
        names = [value for key, value in keyed if "file" in key and "." in value] + _FILE_NAME.findall(prompt)
        file_name = names[0] if names else ""
        date = _DATE.search(prompt.replace(file_name, "") if file_name else prompt)
        cameras = [value for key, value in keyed if "camera" in key or "device" in key]
        return cls(file_name, date.group().replace(":", "-") if date else "", cameras[0] if cameras else "")


def analyse(findings: Findings, prompt: str) -> JsonObject:
    """All that can be said of an image, by the names that an analysis uses; `schema.obey` gives it its shape."""
    context = Context.read(prompt)
    rows = _without_status_bar(findings)
    text = "\n".join(row.text for row in rows)
    verdict = judge(text, context.file_name)
    category = verdict.category
    if category == UNKNOWN and findings.kind is Kind.DOCUMENT:
        category = "Document"
    prominent = _prominent(rows)
    key_row = _key_row(rows)
    subjects = [*verdict.words, *(name.lower() for name in verdict.also)]
    return {
        "category": category,
        "subcategories": _json([findings.kind.value, *subjects][:5]),
        "headline": _cut(_headline(findings, context, prominent, key_row), _HEADLINE_LENGTH),
        "summary": _summary(findings, context, text, key_row),
        "media_metadata": _media_metadata(rows, text),
        "image_details": {
            "extracted_text": _json(row.text for row in findings.rows),
            "objects": ["printed text"] if rows else [],
            "themes": _json(subjects),
            "emotions": [],
            "vibes": _json(findings.appearance.vibes),
            "likely_source": _likely_source(findings, context),
            "key_interest": key_row.text if key_row else None,
            "visual_hierarchy": _json(row.text for row in prominent[:3]),
        },
    }


def _media_metadata(rows: Sequence[TextRow], text: str) -> JsonObject:
    handles = _unique(_HANDLE.findall(text))
    is_post = bool(handles) and _SOCIAL.search(text) is not None
    places = [match["place"].strip() for match in _PLACE.finditer(text)]
    if is_post:
        below_poster = next((below for row, below in pairwise(rows) if handles[0] in row.text), None)
        if below_poster and _TOWN.fullmatch(below_poster.text):
            places.append(below_poster.text)
    audio = _AUDIO.search(text)
    return {
        "original_poster": handles[0] if is_post else None,
        "tagged_accounts": _json(handles[1:] if is_post else handles),
        "location_tags": _json(places),
        "audio_source": audio["source"].strip() if audio else None,
        "hashtags": _json(_unique(_HASHTAG.findall(text))),
    }


def _without_status_bar(findings: Findings) -> list[TextRow]:
    if findings.kind is not Kind.SCREENSHOT:
        return list(findings.rows)
    return [row for row in findings.rows if row.top > _STATUS_BAR or not _CLOCK_OR_BATTERY.search(row.text)]


def _prominent(rows: Sequence[TextRow]) -> list[TextRow]:
    """Rows that say something in words: first the title, that is the uppermost of about the largest letters, then what
    stands above it, then what stands below."""
    worded = [row for row in rows if _letters(row.text) >= 3]
    if not worded:
        return []
    largest = max(row.height for row in worded)
    title = next(row for row in worded if row.height >= _TITLE_HEIGHT * largest)
    return [title, *(row for row in worded if row is not title)]


def _letters(text: str) -> int:
    """Letters; those of scripts that write words with one or two of them count for two."""
    return sum(1 if letter.isascii() else 2 for letter in text if letter.isalpha())


def _key_row(rows: Sequence[TextRow]) -> TextRow | None:
    for pattern in _KEY_ROWS:
        matching = [row for row in rows if pattern.search(row.text)]
        if matching:
            return max(matching, key=lambda row: (round(row.height, 2), _letters(row.text)))
    return None


def _headline(findings: Findings, context: Context, prominent: Sequence[TextRow], key_row: TextRow | None) -> str:
    if not prominent:
        name = f", with file name {context.file_name}" if context.file_name else ""
        return f"{_appearance(findings)}{name}"
    title = prominent[0]
    other = key_row if key_row and key_row is not title else next(iter(prominent[1:]), None)
    if other is None:
        return title.text
    goes_before = other.top < title.top or _FAILURE.search(other.text)
    return f"{other.text} · {title.text}" if goes_before else f"{title.text} · {other.text}"


def _appearance(findings: Findings) -> str:
    colours = " and ".join(findings.appearance.colours[:2])
    mostly = f"mostly {colours}, " if colours else ""
    return f"{findings.kind.value.capitalize()}, {mostly}{findings.orientation}"


def _summary(findings: Findings, context: Context, text: str, key_row: TextRow | None) -> str:
    sentences = [f"{_appearance(findings)}, {findings.width} x {findings.height} pixels."]
    if text:
        sentences.append(f"It reads: {_sentence(_cut(' / '.join(text.splitlines()), _SUMMARY_TEXT_LENGTH))}")
    else:
        sentences.append("No text was found in it.")
    if key_row is not None:
        sentences.append(f"Most telling: {_sentence(key_row.text)}")
    origin = " ".join(
        part
        for part in (
            f"File {context.file_name}" if context.file_name else "",
            f"taken {context.taken}" if context.taken else "",
            f"with {context.camera}" if context.camera else "",
        )
        if part
    )
    if origin:
        sentences.append(f"{origin[0].upper()}{origin[1:]}.")
    return " ".join(sentences)


def _likely_source(findings: Findings, context: Context) -> str | None:
    if findings.kind is Kind.SCREENSHOT:
        ratio = findings.height / findings.width
        if ratio > 1.6:
            return "screenshot of a phone"
        return "screenshot of a computer" if ratio < 0.8 else None
    if context.camera:
        return context.camera
    return "scan or photograph of paper" if findings.kind is Kind.DOCUMENT else "camera"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…", "。")) else f"{text}."


def _unique(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found))


def _json(texts: Iterable[str]) -> list[JsonValue]:
    return cast("list[JsonValue]", list(texts))
