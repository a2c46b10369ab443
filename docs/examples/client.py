import asyncio
import json
import sys

from websockets.asyncio.client import connect


async def chat(url, cell, text):
    async with connect(url, subprotocols=["hereabouts.v1.json"]) as socket:
        await socket.send(json.dumps({"type": "enter", "cell": cell}))
        async for frame in socket:
            event = json.loads(frame)
            if event["type"] == "room":
                await socket.send(json.dumps({"type": "say", "text": text, "room": event["room"]}))
            print(event["type"], event.get("name", ""), event.get("text") or event.get("message", ""))


asyncio.run(chat(*sys.argv[1:]))
