"""The guide in a browser: a page for each topic, under the same headers as every other page."""

from __future__ import annotations

import pytest
from aiohttp import ClientSession

from backprop_tui import guide
from backprop_tui.serve.server import guide_page
from tests.serve.conftest import Served


@pytest.mark.parametrize("topic", ["", *guide.TOPICS])
async def test_every_topic_has_a_page_that_links_to_all_others(served: Served, topic: str) -> None:
    async with ClientSession() as client:
        async with client.get(f"{served.address}guide/{topic}".rstrip("/")) as answer:
            page = await answer.text()
            assert answer.status == 200
            assert answer.content_type == "text/html"
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        links = [part.partition('"')[0] for part in page.split('<a href="')[1:]]
        base = answer.url
        for link in links:
            async with client.get(base.join(type(base)(link))) as other:
                assert other.status == 200
    assert len(links) == len(guide.TOPICS)


async def test_an_unknown_topic_names_the_near_one(served: Served) -> None:
    async with ClientSession() as client, client.get(f"{served.address}guide/techning") as answer:
        assert answer.status == 404
        assert 'Did you mean "teaching"?' in await answer.text()


@pytest.mark.parametrize("topic", guide.TOPICS)
def test_a_page_is_html_that_closes_its_tags_and_runs_no_script(topic: str) -> None:
    page = guide_page(topic)
    assert "<script" not in page
    title = guide.text(topic).partition("\n")[0].removeprefix("# ")
    assert f"<h1>{title}</h1>" in page
