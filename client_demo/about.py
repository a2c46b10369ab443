"""What a server says of itself before anybody enters: `/about`, next to the WebSocket's address.

Knows one HTTP request. Never knows what its answer is used for.
"""

import asyncio
import http.client
import json
import ssl
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urljoin, urlsplit

from client_demo.wire import ABNORMAL, Unreachable, Untrusted, is_loopback

TIMEOUT_S = 5.0
LONGEST_BYTES = 1 << 20


def about_url(url: str) -> str:
    """Return where a server at this WebSocket address tells about itself: ws://host/ws → http://host/about."""
    parts = urlsplit(url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
    return urljoin(parts._replace(scheme=scheme, query="", fragment="").geturl(), "about")


async def fetch_about(url: str) -> dict[str, Any]:
    """Return the server's `/about`, or {} where something answers that has none.

    Raises:
        Unreachable: nobody answers there.
    """
    return await asyncio.to_thread(_fetch, url)


async def fetch_limits(url: str) -> dict[str, Any]:
    """Return `limits` of `/about`, or {} where it says none. Raises Unreachable."""
    limits = (await fetch_about(url)).get("limits")
    return limits if isinstance(limits, dict) else {}


def _fetch(url: str) -> dict[str, Any]:
    proxies = urllib.request.ProxyHandler({}) if is_loopback(url) else urllib.request.ProxyHandler()
    try:
        with urllib.request.build_opener(proxies).open(about_url(url), timeout=TIMEOUT_S) as answer:
            about = json.loads(answer.read(LONGEST_BYTES))
    except (urllib.error.HTTPError, http.client.HTTPException):
        return {}
    except (OSError, urllib.error.URLError) as exc:
        reason = getattr(exc, "reason", None) or exc
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise Untrusted(url, reason) from exc
        raise Unreachable(ABNORMAL, f"nobody answers at {url} ({reason})") from exc
    except ValueError:
        return {}
    return about if isinstance(about, dict) else {}
