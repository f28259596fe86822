"""What `make image` says of an image."""

from pathlib import Path

import pytest

from tests.image.contents import faults


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """An image's folder as it should be."""
    for file in ("numpy/core.py", "numpy/__pycache__/core.cpython-313.pyc", "numpy/py.typed"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch(0o644)
    for folder in (tmp_path, *tmp_path.rglob("*/")):
        folder.chmod(0o755)
    return tmp_path


def test_an_image_as_it_should_be_has_no_faults(task: Path) -> None:
    (task / "numpy" / "py.typed").chmod(0o644)

    assert faults(task) == []


@pytest.mark.parametrize(
    ("mode", "fault"),
    [(0o640, "numpy/core.py cannot be read by everybody"), (0o666, "numpy/core.py can be written by others")],
)
def test_a_file_that_lambdas_user_could_not_read_or_could_write_is_a_fault(task: Path, mode: int, fault: str) -> None:
    (task / "numpy" / "core.py").chmod(mode)

    (found,) = faults(task)
    assert found.startswith(fault)


def test_what_was_not_compiled_and_what_builds_is_a_fault(task: Path) -> None:
    (task / "numpy" / "__pycache__" / "core.cpython-313.pyc").unlink()
    (task / "pip").mkdir(0o755)

    assert faults(task) == ["pip is a build tool", "numpy/core.py would be compiled at each cold start"]
