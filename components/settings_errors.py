"""Says what is wrong with a stack's configuration, in the words of `pulumi config`."""

import difflib
from collections.abc import Collection, Mapping, Sequence

import pulumi
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails


class SettingsError(pulumi.RunError):
    """A stack's configuration cannot be used. The message lists every problem on a line of its own, and is all that
    Pulumi shows: a stack trace would say nothing more."""

    def __init__(self, stack: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        lines = "".join(f"\n  {problem}" for problem in problems)
        super().__init__(f"The configuration of stack {stack} (Pulumi.{stack}.yaml) cannot be used:{lines}")


def describe_unknown(key: str, known: Collection[str]) -> str:
    """A key that nobody reads, most likely a typing error."""
    near = difflib.get_close_matches(key, known, n=1)
    return f"{key} is not a setting" + (f"; did you mean {near[0]}?" if near else ".")


def describe_plaintext(key: str) -> str:
    """A secret that stands in the stack file for all to read."""
    return f"{key} is stored in plain text. Encrypt it with: pulumi config set --secret {key}"


def describe(
    error: ErrorDetails, fields: Mapping[str, FieldInfo], given: Mapping[str, str], secrets: Collection[str]
) -> str:
    """One invalid or missing value: its key, the value unless it is secret, and what is allowed."""
    location = str(error["loc"][0])
    # Of a default that does not fit, pydantic gives the field's name and not its alias.
    key = location if location in fields else to_camel(location)
    about = (fields[key].description or "") if key in fields else "Name of the stack: 1-20 of a-z, 0-9 and -."
    if error["type"] == "missing":
        how = f"pulumi config set {'--secret ' if key in secrets else ''}{key}"
        return f"{key} is missing. {about} Set it with: {how}"
    value = "(secret)" if key in secrets else repr(given.get(key, error["input"]))
    reason = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{key} = {value}: {reason}. {about}"
