"""Which commands there are, and where each is. `collections --help` is made from this alone: it imports no framework,
and a command imports no other command's modules."""

from typing import NamedTuple

PROGRAM = "collections"
PURPOSE = "Keep images in Collections and find them again."


class Entry(NamedTuple):
    """One command."""

    section: str
    module: str
    """Below `collections_cli`; its `app` has the command."""
    summary: str


def _commands(section: str, module: str, **summaries: str) -> dict[str, Entry]:
    return {name: Entry(section, module, summary) for name, summary in summaries.items()}


COMMANDS = {
    **_commands(
        "Get in",
        "commands.access",
        login="Sign in, by password or in the browser.",
        logout="Forget the session of a profile.",
        profile="Choose between several stacks: list, use, remove.",
    ),
    **_commands("Put in", "commands.upload", upload="Upload images and folders; what is there is not sent again."),
    **_commands("Put in", "commands.watch", watch="Upload what appears in a folder, until Ctrl-C."),
    **_commands("Put in", "commands.items", retry="Try again what failed."),
    **_commands("Find", "commands.search", search="Find images by words, by meaning, or both."),
    **_commands(
        "Find",
        "commands.ask",
        ask="Ask a question; the answer is from your images alone.",
        chat="Talk about your images.",
    ),
    **_commands(
        "Find",
        "commands.alike",
        similar="Show images that mean much the same as one.",
        duplicates="Show images that are there twice, or look alike.",
    ),
    **_commands(
        "Look and change",
        "commands.items",
        list="List your images.",
        show="Show one image with all that is known of it.",
        open="Open an image in the browser.",
        edit="Set an image's title, note or category.",
        delete="Delete images for good.",
    ),
    **_commands("Look and change", "commands.tags", tag="Tags: list, add, remove, rename, delete."),
    **_commands("Look and change", "commands.albums", album="Albums: list, create, show, add, remove, rename, delete."),
    **_commands(
        "Your account",
        "commands.account",
        status="Show your collection in numbers.",
        usage="Show what the models have cost, and what is left.",
        export="Download everything of yours as a zip.",
    ),
    **_commands("Operate", "commands.doctor", doctor="Say what is wrong here, and what to do about it."),
    **_commands("Operate", "admin.commands", admin="Operate a stack, with AWS credentials of your own."),
}
"""In the order in which help shows them, by section."""

SECTIONS = tuple(dict.fromkeys(entry.section for entry in COMMANDS.values()))


def help_text() -> str:
    """What `collections --help` prints."""
    width = max(map(len, COMMANDS))
    lines = [f"Usage: {PROGRAM} COMMAND [ARGS]...", "", f"  {PURPOSE}"]
    for section in SECTIONS:
        lines += ["", f"{section}:"]
        lines += [f"  {name:{width}}  {entry.summary}" for name, entry in COMMANDS.items() if entry.section == section]
    lines += [
        "",
        "Options:",
        "  --help                Show this; after a command, show its options.",
        "  --version             Show this program's version.",
        "  --install-completion  Have your shell complete commands and options.",
        "  --show-completion     Print what --install-completion would install.",
        "",
        f"Start with: {PROGRAM} login --api URL --email YOU",
    ]
    return "\n".join(lines) + "\n"


def version() -> str:
    """Of this program, as installed; a checkout that is not installed says so."""
    from importlib import metadata

    try:
        return metadata.version("collections-cli")
    except metadata.PackageNotFoundError:
        return "0 (a checkout)"
