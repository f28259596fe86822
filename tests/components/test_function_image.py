from components.function_image import FunctionImage, FunctionImageArgs
from tests.components.declarations import Declarations, Declare
from tests.components.provider import DIGEST

BUILT: FunctionImageArgs = {"context": ".", "dockerfile": "runtime/Dockerfile", "tag": "4f5e6d7"}
REPOSITORY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/collections-dev-functions"


def image(declare: Declare, args: FunctionImageArgs) -> tuple[Declarations, list[str]]:
    digests: list[str] = []
    return declare(lambda: FunctionImage("functions", args).digest.apply(digests.append)), digests


def test_the_image_is_built_for_arm64_from_the_commit_and_named_by_digest(declare: Declare):
    declared, digests = image(declare, BUILT)

    built = declared.one("docker:index/image:Image")
    assert built.inputs["imageName"] == f"{REPOSITORY}:4f5e6d7"
    assert built.inputs["build"]["platform"] == "linux/arm64"
    assert built.inputs["build"]["args"] == {"SOURCE_DATE_EPOCH": "0"}
    assert built.secrets == {"registry"}
    assert digests == [f"{REPOSITORY}@{DIGEST}"]


def test_the_base_may_be_pinned_by_digest(declare: Declare):
    base = "public.ecr.aws/lambda/python@sha256:" + "ef" * 32

    declared, _ = image(declare, {**BUILT, "base": base})

    assert declared.one("docker:index/image:Image").inputs["build"]["args"]["BASE"] == base


def test_an_image_built_earlier_is_used_as_it_is(declare: Declare):
    promoted = "999999999999.dkr.ecr.eu-west-1.amazonaws.com/collections-test-functions@sha256:" + "cd" * 32

    declared, digests = image(declare, {**BUILT, "digest": promoted})

    assert declared.of("docker:index/image:Image") == []
    assert digests == [promoted]


def test_images_are_scanned_and_none_expires(declare: Declare):
    declared, _ = image(declare, BUILT)

    repository = declared.one("ecr/repository:Repository").inputs
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    # A rule could take away what a published version, here or in another stack, still names.
    assert [each for each in declared.resources if "lifecycle" in each.type] == []
