"""What can go wrong while deploying; each says what to do, or what to look at."""


class ProvisionError(RuntimeError):
    """A resource could not be brought into being; the message names its type and name and says why."""


class StateError(ProvisionError):
    """The file that records what has been deployed cannot be read."""
