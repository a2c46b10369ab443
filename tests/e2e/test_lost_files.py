"""Files of the page that are lost on their way: it comes all the same."""

import pytest

from tests.e2e.visits import Visits

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("file", ["boot.js", "css/base.css", "app.js", "room.js", "strings/en.json", "about"])
async def test_whichever_file_is_lost_the_page_comes(visits: Visits, file: str) -> None:
    visits.may_lose = True
    async with visits.serving(window_s=7200) as app:
        visitor = await visits.open(app, losing=file)
        await visitor.enter("Ada")
        await visits.close()
