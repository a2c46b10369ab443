"""The Redis that tests use is a real one."""

from redis import asyncio as redis


async def test_it_keeps_what_it_is_given(redis_url: str) -> None:
    async with redis.Redis.from_url(redis_url) as client:
        await client.flushall()
        assert await client.xadd("stream", {"a": "b"}, id="1-0") == b"1-0"
