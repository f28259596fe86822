"""Documents name tests as proof: those tests exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_test_that_a_document_names_exists() -> None:
    named = [
        (document.name, *match)
        for document in sorted((ROOT / "docs").glob("*.md"))
        for match in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", document.read_text())
    ]

    missing = [
        (document, path, test)
        for document, path, test in named
        if not (ROOT / path).is_file() or (test and f"def {test}(" not in (ROOT / path).read_text())
    ]
    assert len(named) > 20
    assert missing == []
