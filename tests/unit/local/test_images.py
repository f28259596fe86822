"""Which files an image is made of, and when it is another image."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.provisioner.images import BuildContext

ALLOW_LIST = """
# everything but what the image needs
*
!runtime/
!requirements/runtime.txt
**/__pycache__
runtime/**/*.md
"""


def fill(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)
    return root


def files(root: Path) -> set[str]:
    return {path.as_posix() for path in BuildContext.at(root).files()}


def test_an_allow_list_lets_in_what_it_names_and_what_is_below(tmp_path: Path) -> None:
    fill(tmp_path, "README.md", "runtime/app.py", "runtime/api/routes.py", "local/stack.py")
    fill(tmp_path, "requirements/runtime.txt", "requirements/dev.txt", "runtime2/no.py")
    fill(tmp_path, "runtime/api/__pycache__/routes.pyc", "runtime/api/notes.md", "runtime/notes.md")
    (tmp_path / ".dockerignore").write_text(ALLOW_LIST)

    assert files(tmp_path) == {"runtime/app.py", "runtime/api/routes.py", "requirements/runtime.txt"}


def test_without_a_list_everything_is_in(tmp_path: Path) -> None:
    fill(tmp_path, "a", "b/c")

    assert files(tmp_path) == {"a", "b/c"}


@pytest.mark.parametrize(
    ("pattern", "ignored"),
    [
        ("*.txt", {"a.txt"}),
        ("**/*.txt", {"a.txt", "sub/a.txt", "sub/deep/a.txt"}),
        ("sub", {"sub/a.txt", "sub/deep/a.txt"}),
        ("/sub/*/", {"sub/a.txt", "sub/deep/a.txt"}),
        ("a.t?t", {"a.txt"}),
    ],
)
def test_patterns_mean_what_docker_says(tmp_path: Path, pattern: str, ignored: set[str]) -> None:
    everything = {"a.txt", "sub/a.txt", "sub/deep/a.txt"}
    fill(tmp_path, *everything)
    (tmp_path / ".dockerignore").write_text(f"{pattern}\n.dockerignore")

    assert files(tmp_path) == everything - ignored


def test_a_digest_follows_content_names_modes_and_build_arguments(tmp_path: Path) -> None:
    def digest(argument: str = "") -> str:
        return BuildContext.at(tmp_path).digest([argument])

    fill(tmp_path, "a", "b")
    digests = [digest(), digest("other")]
    (tmp_path / "a").chmod(0o755)
    digests.append(digest())
    (tmp_path / "a").rename(tmp_path / "c")
    digests.append(digest())
    (tmp_path / "b").write_text("changed")
    digests.append(digest())

    assert len(set(digests)) == len(digests)
    assert digest() == digests[-1]


def test_what_is_ignored_does_not_change_the_digest(tmp_path: Path) -> None:
    fill(tmp_path, "runtime/app.py")
    (tmp_path / ".dockerignore").write_text(ALLOW_LIST)
    before = BuildContext.at(tmp_path).digest([])

    fill(tmp_path, "README.md", "runtime/__pycache__/app.pyc")

    assert BuildContext.at(tmp_path).digest([]) == before
