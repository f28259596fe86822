"""`collections` in a real terminal: what a person sees and types."""

from __future__ import annotations

import json
import secrets
import signal
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from collections_cli.exits import Exit
from tests.integration.cli.conftest import EMAIL, Pool, Type, ended
from tests.integration.cli.service import Service

FILES = 12


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of files, each unlike the others."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(FILES):
        (folder / f"{number:02}.png").write_bytes(secrets.token_bytes(100_000))
    return folder


@pytest.mark.usefixtures("signed_in")
def test_ctrl_c_in_the_middle_of_an_upload_and_the_same_command_again_sends_each_file_once(
    type_: Type, service: Service, pictures: Path, home: Path
) -> None:
    service.hold_back = True
    program = type_("upload", str(pictures), "--parallel", "2")
    program.expect(rf"0 of {FILES}")
    service.may_come.release(3)
    program.expect(rf"3 of {FILES}")
    before = sorted(home.rglob("*"))
    program.sendintr()
    service.may_come.release(FILES)
    code, shown = ended(program)

    done = sum(service.stored.values())
    assert code == Exit.INTERRUPTED
    assert f"Stopped: {done} of {FILES} files are done. The same command goes on from there." in shown
    assert 3 <= done < FILES
    assert sorted(home.rglob("*")) == before, "nothing is kept here that could be out of date"

    code, shown = ended(type_("upload", str(pictures)))

    assert code == 0
    assert f"{FILES - done} uploaded, {done} were there already" in shown
    digests = (sha256(path.read_bytes()).hexdigest() for path in pictures.iterdir())
    assert service.stored == dict.fromkeys(digests, 1)


@pytest.mark.usefixtures("signed_in")
def test_progress_shows_each_file_and_the_whole_with_rate_and_time_left(
    type_: Type, service: Service, pictures: Path
) -> None:
    service.hold_back = True
    program = type_("upload", str(pictures), "--parallel", "2")
    program.expect(rf"0 of {FILES}.*/1\.2 MB.*left.*00\.png.*01\.png")
    service.may_come.release(4)
    program.expect(rf"4 of {FILES}.* [kM]?B/s.*left")
    service.may_come.release(FILES)
    code, shown = ended(program)

    assert code == 0
    assert f"{FILES} uploaded, 1.2 MB in " in shown


@pytest.mark.usefixtures("signed_in")
def test_a_service_that_is_busy_for_a_moment_is_waited_for(type_: Type, service: Service, pictures: Path) -> None:
    service.failing = 3

    code, shown = ended(type_("upload", str(pictures)))

    assert code == 0
    assert f"{FILES} uploaded" in shown


@pytest.mark.usefixtures("signed_in")
def test_a_folder_is_watched_until_ctrl_c(type_: Type, service: Service, pictures: Path) -> None:
    program = type_("watch", str(pictures), "--new-only")
    program.expect("Watching")
    (pictures / "later.png").write_bytes(b"later")
    program.expect("✓ .*later.png")
    program.kill(signal.SIGINT)
    code, _ = ended(program)

    assert code == 0
    assert service.stored == {sha256(b"later").hexdigest(): 1}


def test_a_wrong_password_is_told_and_nobody_is_signed_in(
    type_: Type, service: Service, pool: Pool, home: Path
) -> None:
    pool.add_ada(permanent=True)
    program = type_("login", "--api", service.url, "--email", EMAIL)
    program.expect("Password")
    program.sendline("Not-the-password-1")
    code, shown = ended(program)

    assert code == Exit.SIGN_IN
    assert "Incorrect username or password. Nobody is signed in" in shown
    assert not home.exists()


@pytest.mark.usefixtures("signed_in")
def test_an_expired_login_says_how_to_sign_in_again(type_: Type, pictures: Path, home: Path) -> None:
    (tokens,) = (home / "collections" / "tokens").iterdir()
    ended_tokens = {
        "expires_at": (datetime.now(UTC) - timedelta(days=1)).isoformat(),
        "refresh_token": "one that the pool knows no more",
    }
    tokens.write_text(json.dumps(json.loads(tokens.read_text()) | ended_tokens))

    code, shown = ended(type_("upload", str(pictures)))

    assert code == Exit.SIGN_IN
    assert shown.count("Your session has ended") == 1
    assert "collections login --profile default" in shown.replace("\r\n", " ")


@pytest.mark.usefixtures("signed_in")
def test_without_a_network_one_sentence_says_so(type_: Type, service: Service, home: Path) -> None:
    profiles = home / "collections" / "profiles.json"
    profiles.write_text(profiles.read_text().replace(service.url, "http://127.0.0.1:9"))

    code, shown = ended(type_("list"))

    assert code == Exit.UNAVAILABLE
    assert "collections: http://127.0.0.1:9 does not answer" in shown
    assert "is the address right, and the network up?" in shown
    assert shown.count("\n") == 1
    assert ended(type_("doctor"))[0] == Exit.UNAVAILABLE


@pytest.mark.usefixtures("signed_in")
def test_a_wrong_profile_is_told_with_those_that_there_are(type_: Type) -> None:
    code, shown = ended(type_("list", "--profile", "prod"))

    assert code == Exit.USAGE
    assert "There is no profile prod; you have default." in shown


@pytest.mark.usefixtures("signed_in")
def test_files_that_vanish_are_told_and_the_others_are_uploaded(type_: Type, service: Service, pictures: Path) -> None:
    service.hold_back = True
    program = type_("upload", str(pictures), "--parallel", "2")
    program.expect(rf"0 of {FILES}")
    last = max(pictures.iterdir())
    last.unlink()
    service.may_come.release(FILES)
    code, shown = ended(program)

    assert code == Exit.INCOMPLETE
    assert f"{last.name}: It vanished before it was sent." in shown.replace("\r\n", "")
    assert f"{FILES - 1} uploaded, 1 failed" in shown


@pytest.mark.usefixtures("signed_in")
def test_a_folder_without_images_is_told(type_: Type, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    code, shown = ended(type_("upload", str(tmp_path / "empty")))

    assert code == Exit.THIS_MACHINE
    assert "There are no images in" in shown
