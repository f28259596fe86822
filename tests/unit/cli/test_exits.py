"""Each kind of end has its exit code, in the code and in the documentation."""

import re
from pathlib import Path

import pytest

from collections_cli import failures
from collections_cli.exits import Exit
from collections_cli.failures import ApiError, UnreachableError, exit_of

README = Path(__file__).parents[3] / "cli" / "README.md"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ApiError(401, ""), Exit.SIGN_IN),
        (ApiError(404, ""), Exit.NOT_FOUND),
        (ApiError(409, ""), Exit.REFUSED),
        (ApiError(422, ""), Exit.REFUSED),
        (ApiError(429, ""), Exit.REFUSED),
        (ApiError(500, ""), Exit.UNAVAILABLE),
        (ApiError(503, ""), Exit.UNAVAILABLE),
        (UnreachableError(""), Exit.UNAVAILABLE),
        (failures.NotSignedInError(""), Exit.SIGN_IN),
        (failures.UnknownProfileError(""), Exit.USAGE),
        (failures.NoImagesError(""), Exit.THIS_MACHINE),
        (PermissionError(), Exit.THIS_MACHINE),
    ],
)
def test_each_failure_ends_with_the_code_of_its_kind(error: Exception, code: Exit) -> None:
    assert exit_of(error) is code


def test_the_documentation_lists_every_exit_code() -> None:
    documented = re.findall(r"^\| (\d+) \|", README.read_text(), re.MULTILINE)

    assert [int(code) for code in documented] == sorted(Exit)
