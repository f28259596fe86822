"""Connections to HTTP APIs, kept from call to call. Certificates are read once: that takes 20 ms."""

import threading
from functools import cache

import certifi
import urllib3
from urllib3.util.ssl_ import create_urllib3_context

_KEPT = 10
"""Connections to one host: more are made where more threads call, and closed afterwards."""


_MAKING = threading.Lock()


def pool(url: str) -> urllib3.PoolManager:
    """The one for URLs like this. It tries once: whoever calls knows what may be sent again."""
    # Several threads may be the first, as where parameters are read.
    with _MAKING:
        return _secure() if url.startswith("https:") else _plain()


@cache
def _secure() -> urllib3.PoolManager:
    context = create_urllib3_context()
    context.load_verify_locations(certifi.where())
    return urllib3.PoolManager(ssl_context=context, maxsize=_KEPT, retries=False)


@cache
def _plain() -> urllib3.PoolManager:
    return urllib3.PoolManager(maxsize=_KEPT, retries=False)
