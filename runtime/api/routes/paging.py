"""The parameters of every list that comes in pages."""

from typing import Annotated

from fastapi import Query

MAX_PAGE = 100
DEFAULT_PAGE = 20

PageLimit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Entries on a page")]
PageCursor = Annotated[str | None, Query(description="`next_cursor` of the page before")]
