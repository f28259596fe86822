"""What the exit code says: one number for each kind of end, so that scripts need not read sentences."""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    """All that was asked for is done."""
    REFUSED = 1
    """It cannot be done, as the sentence on standard error says: a limit, a conflict, a value that is not allowed."""
    USAGE = 2
    """The command line is wrong: an unknown option, a profile that is not there."""
    SIGN_IN = 3
    """Nobody is signed in, the session has ended, or the password is wrong."""
    NOT_FOUND = 4
    """There is no such item, tag, album or session."""
    INCOMPLETE = 5
    """Some of many was done, and the rest was not."""
    UNAVAILABLE = 6
    """Nobody answers, or the service fails."""
    THIS_MACHINE = 7
    """A file, a folder or a disk here: vanished, unreadable, full, or without images."""
    INTERRUPTED = 130
    """Ctrl-C. What was done stays done; the same command goes on from there."""
