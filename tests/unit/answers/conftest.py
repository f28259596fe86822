from collections.abc import Iterator

import pytest

from tests.unit.pipeline.vendor import Vendor, running_vendor


@pytest.fixture(name="vendor")
def _vendor() -> Iterator[Vendor]:
    with running_vendor() as vendor:
        yield vendor
