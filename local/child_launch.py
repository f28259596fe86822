"""Turns into another program that ends when the process that started it ends.

`python -I -S child_launch.py <id of that process> <signal> <user or -> <program> <arguments…>`: the kernel sends the
signal, by name, when the starter is gone; the program runs as that user, if one is named. A program of its own because
code between fork and exec is not safe in a process with threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(starter: int, ending: signal.Signals, user: str, command: list[str]) -> None:
    if user != "-":
        _become(user)
    if sys.platform == "linux":  # after the change of user, which clears it
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, ending)
        if os.getppid() != starter:  # it was faster
            sys.exit("the process that started this one has ended")
    os.execv(command[0], command)  # noqa: S606 - the command is ours


def _become(user: str) -> None:
    import pwd

    entry = pwd.getpwnam(user)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


if __name__ == "__main__":
    main(int(sys.argv[1]), signal.Signals[sys.argv[2]], sys.argv[3], sys.argv[4:])
