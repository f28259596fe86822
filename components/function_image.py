"""The one image that all functions run from."""

from typing import NotRequired, TypedDict

import pulumi
import pulumi_aws as aws
import pulumi_docker as docker
from pulumi import Input, Output

from components.arguments import Arguments
from components.encryption import REPOSITORY
from components.naming import children_of, physical_name


class FunctionImageArgs(TypedDict):
    """Where an image comes from."""

    context: str
    """Folder that is sent to the builder, without what its `.dockerignore` names."""
    dockerfile: NotRequired[str]
    """Path of the Dockerfile. Default: `Dockerfile` in `context`."""
    tag: Input[str]
    """Tag of the image: the commit it is built from."""
    base: NotRequired[str | None]
    """Image to build on, `repository@sha256:…`, as the build argument `BASE`. Default: the Dockerfile's."""
    digest: NotRequired[str | None]
    """An image built earlier, `repository@sha256:…`: it is used, and nothing is built. Default: build one."""
    force_delete: NotRequired[Input[bool]]
    """Delete the repository together with its images. Default false."""


class FunctionImage(pulumi.ComponentResource):
    """Builds the functions' image for arm64 and keeps it in a repository of the account's own.

    No image expires: the repository cannot know which ones a published version names, in this stack or in another that
    it was promoted to.
    """

    repository_url: Output[str]
    """Where built images are kept."""
    digest: Output[str]
    """`repository@sha256:…`: names exactly this image, and changes whenever it does."""

    def __init__(self, name: str, args: FunctionImageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        given = Arguments(self, name, FunctionImageArgs, args)
        super().__init__("collections:index:FunctionImage", name, props={}, opts=opts)
        child = children_of(self, opts)
        repository = aws.ecr.Repository(
            f"{name}-repository",
            name=physical_name(name),
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[REPOSITORY],
            force_delete=args.get("force_delete", False),
            opts=child,
        )
        self.repository_url = repository.repository_url
        promoted = args.get("digest")
        if promoted and "@sha256:" not in promoted:
            raise given.refuse("digest", f"is {promoted!r}; it has to look like repository@sha256:….")
        self.digest = Output.from_input(promoted) if promoted else _build(name, args, repository, child).repo_digest
        self.register_outputs({"repository_url": self.repository_url, "digest": self.digest})


def _build(
    name: str, args: FunctionImageArgs, repository: aws.ecr.Repository, child: pulumi.ResourceOptions
) -> docker.Image:
    login = aws.ecr.get_authorization_token_output(
        registry_id=repository.registry_id, opts=pulumi.InvokeOutputOptions(parent=child.parent)
    )
    base = args.get("base")
    return docker.Image(
        f"{name}-build",
        image_name=Output.concat(repository.repository_url, ":", args["tag"]),
        build={
            "context": args["context"],
            "dockerfile": args.get("dockerfile", f"{args['context']}/Dockerfile"),
            "platform": "linux/arm64",
            # BuildKit dates the image by it, so that the same sources give the same digest.
            "args": {"SOURCE_DATE_EPOCH": "0", **({"BASE": base} if base else {})},
        },
        registry={
            "server": repository.repository_url,
            "username": login.user_name,
            "password": Output.secret(login.password),
        },
        opts=child,
    )
