"""The gallery's page and assets, and what browsers are told to allow."""

import re
from pathlib import Path

import pytest

from runtime.api.bundle import BundleError, bundle
from runtime.api.gallery import FOLDER
from tests.api_environment import ENVIRONMENT
from tests.gateway import GatewayClient, Response

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
MEGABYTE = 1_000_000


@pytest.fixture(autouse=True)
def _region(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the bucket is, as the function's environment says it; nothing is called there."""
    for name, value in ENVIRONMENT.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)


@pytest.fixture(name="browser")
def _browser(client: GatewayClient) -> GatewayClient:
    return GatewayClient(client.handler, headers=BROWSER)


def policy_of(response: Response) -> dict[str, list[str]]:
    directives = [directive.split() for directive in response.headers["content-security-policy"].split(";")]
    return {name: sources for name, *sources in directives}


def assets_of(page: Response) -> list[str]:
    return re.findall(r'(?:href|src)="(static/[^"]+)"', page.body)


def test_a_browser_gets_the_page_and_a_program_the_document(client: GatewayClient, browser: GatewayClient) -> None:
    page, document = browser.get("/"), client.get("/")

    assert page.headers["content-type"].startswith("text/html")
    assert document.json()["name"] == "Collections"
    assert page.headers["vary"] == document.headers["vary"] == "Accept"


def test_who_comes_back_from_the_sign_in_page_gets_the_page(browser: GatewayClient) -> None:
    assert browser.get("/", code="c0de", state="st4te").status == 200
    assert browser.get("/", error="access_denied", error_description="no", state="st4te").status == 200
    assert browser.get("/", codee="c0de").status == 422


def test_the_page_s_assets_are_there_and_kept_for_good(browser: GatewayClient) -> None:
    page = browser.get("/")
    answers = {path.rsplit("/", 1)[1]: browser.get(f"/{path}") for path in assets_of(page)}

    assert answers.keys() == {"gallery.js", "gallery.css", "icon.svg"}
    for answer in answers.values():
        assert answer.status == 200
        assert "immutable" in answer.headers["cache-control"]
    assert answers["gallery.js"].headers["content-type"].startswith("text/javascript")
    assert page.headers["cache-control"] == "no-cache"


def test_who_has_an_asset_is_not_sent_it_again(browser: GatewayClient) -> None:
    path = assets_of(browser.get("/"))[0]
    tag = browser.get(f"/{path}").headers["etag"]

    again = GatewayClient(browser.handler, headers={"if-none-match": tag}).get(f"/{path}")

    assert (again.status, again.body) == (304, "")


@pytest.mark.parametrize("name", ["nothing.js", "..%2f..%2fapi%2fauth.py", "main.js"])
def test_nothing_but_the_assets_is_served(browser: GatewayClient, name: str) -> None:
    folder = assets_of(browser.get("/"))[0].rsplit("/", 1)[0]

    assert browser.get(f"/{folder}/{name}").status == 404
    assert browser.get(f"/static/another-digest/{name}").status == 404


def test_below_static_nothing_can_be_written(browser: GatewayClient) -> None:
    assert browser.request("POST", f"/{assets_of(browser.get('/'))[0]}").status == 405


def test_the_page_may_load_from_itself_cognito_and_the_bucket_only(browser: GatewayClient) -> None:
    policy = policy_of(browser.get("/"))
    bucket = "https://collections-test-images.s3.eu-central-1.amazonaws.com"

    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert set(policy["connect-src"]) == {
        "'self'",
        "https://collections-test.auth.eu-central-1.amazoncognito.com",
        "https://cognito-idp.eu-central-1.amazonaws.com",
        bucket,
    }
    assert bucket in policy["img-src"]
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == ["'none'"]
    assert policy["require-trusted-types-for"] == ["'script'"]
    assert policy["trusted-types"] == ["'none'"]


@pytest.mark.parametrize("path", ["/", "/version", "/items", "/nowhere", "/openapi.json"])
def test_every_answer_tells_browsers_to_be_careful(client: GatewayClient, path: str) -> None:
    headers = client.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


def test_the_documentation_loads_nothing_from_elsewhere(browser: GatewayClient) -> None:
    page = browser.get("/docs")

    assert "://" not in page.body
    assert policy_of(page)["script-src"] == policy_of(page)["connect-src"] == ["'self'"]
    assert {browser.get(f"/{path}").status for path in assets_of(page)} == {200}


def test_the_page_has_nothing_inline(browser: GatewayClient) -> None:
    page = browser.get("/").body

    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page) == []


def test_no_module_writes_html_or_makes_scripts() -> None:
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|javascript:")

    offenders = [path.name for path in FOLDER.glob("app/**/*.js") if forbidden.search(path.read_text("utf-8"))]

    assert offenders == []


def test_others_work_has_its_licence_beside_it() -> None:
    for folder in (FOLDER / "vendor").iterdir():
        if folder.is_dir():
            assert (folder / "LICENSE").is_file(), folder.name
            assert f"`{folder.name}`" in (FOLDER / "vendor" / "README.md").read_text("utf-8")


def test_page_and_libraries_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < MEGABYTE


class Modules:
    """Modules in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def bundle(self, **sources: str) -> str:
        for name, source in sources.items():
            (self.folder / f"{name}.js").write_text(source)
        return bundle(self.folder, "main.js")


@pytest.fixture(name="modules")
def _modules(tmp_path: Path) -> Modules:
    return Modules(tmp_path)


def test_a_module_comes_after_those_that_it_needs_and_once(modules: Modules) -> None:
    script = modules.bundle(
        main='import { one } from "./one.js";\nimport { two as zwei } from "./two.js";\nzwei(one);\n',
        one="export const one = 1;\n",
        two='import { one } from "./one.js";\nexport function two() { return one; }\n',
    )

    assert [*re.findall(r'^modules\["(\w+)\.js"\]', script, re.MULTILINE)] == ["one", "two", "main"]
    assert 'const { two: zwei } = modules["two.js"];' in script
    assert not re.search(r"^\s*(import|export)\b", script, re.MULTILINE)


def test_modules_that_need_each_other_are_refused(modules: Modules) -> None:
    with pytest.raises(BundleError, match=r"circle: main\.js -> one\.js -> main\.js"):
        modules.bundle(main='import { one } from "./one.js";', one='import { main } from "./main.js";')


@pytest.mark.parametrize(
    "form", ['import "./one.js";', 'import * as one from "./one.js";', "export default 1;", 'export * from "./one.js";']
)
def test_a_form_that_is_not_understood_is_an_error(modules: Modules, form: str) -> None:
    with pytest.raises(BundleError, match="cannot be joined"):
        modules.bundle(main=form, one="")


def test_a_module_that_is_not_there_is_named_with_who_wants_it(modules: Modules) -> None:
    with pytest.raises(BundleError, match=r"main\.js imports nowhere\.js"):
        modules.bundle(main='import { a } from "./nowhere.js";')


def test_a_library_that_nobody_knows_is_refused(modules: Modules) -> None:
    with pytest.raises(BundleError, match="imports lodash"):
        modules.bundle(main='import { map } from "lodash";')
