"""What a data set may be, and what is said of one that is none."""

import json
from pathlib import Path
from typing import Any

import pytest

from evaluation.command import SHIPPED
from evaluation.dataset import Dataset, DatasetError
from runtime.analysis import Category


def content(**changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "name": "own",
        "description": "Two things.",
        "documents": [
            {"id": "cat", "category": "Nature", "headline": "A cat", "summary": "A cat on a sofa."},
            {"id": "bill", "category": "Receipt", "headline": "A bill", "summary": "A bill for tea."},
        ],
        "queries": [
            {"query": "cat", "type": "exact", "expected": {"cat": 3}},
            {"query": "dog", "type": "nothing", "expected": {}},
        ],
    }
    return whole | changes


def written(folder: Path, **changes: Any) -> Path:
    file = folder / "own.json"
    file.write_text(json.dumps(content(**changes)))
    return file


def asking(expected: dict[str, Any], kind: str = "exact") -> list[dict[str, Any]]:
    return [{"query": "cat", "type": kind, "expected": expected}]


def test_what_is_left_out_of_a_document_is_not_there(tmp_path: Path) -> None:
    dataset = Dataset.read(written(tmp_path))

    analysis = dataset.documents[0].analysis
    assert (analysis.category, analysis.headline) == (Category.NATURE, "A cat")
    assert analysis.image_details.extracted_text == []
    assert [query.answerable for query in dataset.queries] == [True, False]


def test_images_are_looked_for_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "cat.png").touch()
    file = written(tmp_path, documents=[], images=[{"id": "cat", "file": "cat.png"}], queries=asking({"cat": 3}))

    dataset = Dataset.read(file)

    assert dataset.path(dataset.images[0]) == tmp_path / "cat.png"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"documents": [{"id": "cat", "category": "Cats", "headline": "A", "summary": ""}]}, "documents.0.category"),
        ({"documents": [{"id": "cat", "headlines": "A"}]}, "documents.0.headlines"),
        ({"documents": []}, "neither documents nor images"),
        ({"documents": content()["documents"] * 2}, "are called: cat, bill"),
        ({"queries": []}, "queries"),
        ({"queries": asking({"dog": 3})}, "neither document nor image: dog"),
        ({"queries": asking({"cat": 4})}, "queries.0.expected.cat"),
        ({"queries": asking({"cat": 2.5})}, "queries.0.expected.cat"),
        ({"queries": asking({"cat": 0})}, "queries.0.expected: grade something higher than 0"),
        ({"queries": asking({"cat": 3}, "Exact words")}, "queries.0.type"),
        ({"queries": asking({"cat": 3}) * 2}, "there twice: cat"),
        ({"images": [{"id": "dog", "file": "nowhere.png"}]}, "no files for the images dog"),
        ({"name": "../elsewhere"}, "name"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"own\.json") as refused:
        Dataset.read(written(tmp_path, **changes))

    assert said in str(refused.value)


def test_everything_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as refused:
        Dataset.read(written(tmp_path, name="a b", queries=asking({"cat": 9})))

    assert len(str(refused.value).splitlines()) == 3


def test_a_file_that_is_missing_or_no_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="cannot be read"):
        Dataset.read(tmp_path / "own.json")
    (tmp_path / "own.json").write_text("{")
    with pytest.raises(DatasetError, match="Invalid JSON"):
        Dataset.read(tmp_path / "own.json")


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_those_of_the_repository_are_data_sets(file: Path) -> None:
    dataset = Dataset.read(file)

    assert dataset.name == file.stem
    assert any(not query.answerable for query in dataset.queries)
