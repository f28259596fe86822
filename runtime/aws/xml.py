"""S3's language."""

from typing import Any
from xml.etree import ElementTree

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def parsed(document: bytes) -> "ElementTree.Element[str]":
    """The document's root, by names without their namespace. Raises `ValueError`."""
    try:
        root = ElementTree.fromstring(document)  # noqa: S314 - from AWS, over TLS
    except ElementTree.ParseError as error:
        raise ValueError("an answer that is no XML") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def text(element: "ElementTree.Element[str]", name: str) -> str:
    """Of the child of this name; empty where there is none."""
    return element.findtext(name) or ""


def written(root: str, children: list[tuple[str, Any]]) -> bytes:
    """A document; a child is a text, or has children of its own."""
    document = ElementTree.Element(root, {"xmlns": NAMESPACE})
    _fill(document, children)
    return ElementTree.tostring(document, encoding="utf-8", xml_declaration=False)


def _fill(element: "ElementTree.Element[str]", children: list[tuple[str, Any]]) -> None:
    for name, value in children:
        child = ElementTree.SubElement(element, name)
        if isinstance(value, str):
            child.text = value
        else:
            _fill(child, value)
