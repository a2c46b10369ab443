"""Files of installed web pages, ready to be sent: read, made small and compressed once, known by exact name.

Knows bytes, names and the headers that go with them. Must never know what a file says, nor look at the disk again:
a path that was not read at start does not exist, so no path can lead anywhere else.
"""

import gzip
import hashlib
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from rcssmin import cssmin
from rjsmin import jsmin

from server.http import HttpResponse, Request, Routes

GROUP = "hereabouts.pages"
"""Entry points of this group name the packages whose files are served; so no page is imported here by name."""

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
"""What is served, by suffix; anything else in such a package stays where it is."""

DOCUMENTS = (".html", ".svg")

SHRUNK: dict[str, Callable[[str], str]] = {"js": jsmin, "css": cssmin}
"""By suffix, what takes comments and indentation out: a quarter of all bytes of a first visit, compressed.
rjsmin knows no template within a template."""

POLICIES = {
    # Only for what can be a document: on thirty other files of a page they would be a tenth of a slow first visit.
    # Everything comes from here; scripts and styles from files alone, so that nobody's words can become either.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
}

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Names stay while contents change: ask each time, and be told 304 by the ETag.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}


class _Variant(NamedTuple):
    body: bytes
    headers: dict[str, str]


class StaticFile:
    """One file as it goes over the wire, plain and, where that is smaller, compressed. Call it to answer a request."""

    def __init__(self, name: str, body: bytes) -> None:
        suffix = name.rpartition(".")[2]
        self._content_type = TYPES["." + suffix]
        if suffix in SHRUNK:
            body = SHRUNK[suffix](body.decode()).encode()
        digest = hashlib.sha256(body).hexdigest()[:20]
        common = HEADERS | (POLICIES if name.endswith(DOCUMENTS) else {})
        self._plain = _Variant(body, common | {"ETag": f'"{digest}"'})
        # The same bytes give the same file on every machine: no time stamp in it.
        packed = gzip.compress(body, compresslevel=9, mtime=0)
        headers = common | {"ETag": f'"{digest}-gz"', "Content-Encoding": "gzip"}
        self._packed = _Variant(packed, headers) if len(packed) < len(body) else self._plain

    def __call__(self, request: Request) -> HttpResponse:
        """Return the file, or 304 if the client named its ETag."""
        variant = self._packed if _takes_gzip(request.headers.get("accept-encoding", "")) else self._plain
        if variant.headers["ETag"] in _tags(request.headers.get("if-none-match", "")):
            return HttpResponse(304, self._content_type, b"", variant.headers)
        return HttpResponse(200, self._content_type, variant.body, variant.headers)


def installed_pages() -> Routes:
    """Return a route for each file of each installed page; `index.html` answers at its folder."""
    table: dict[str, StaticFile] = {}
    for point in sorted(entry_points(group=GROUP)):
        table |= page_routes(files(point.value))
    return table


def page_routes(folder: Traversable) -> dict[str, StaticFile]:
    """Return a route for each file of a known type in a folder and those below it."""
    return {
        "/" + name.removesuffix("index.html"): StaticFile(name, file.read_bytes()) for name, file in _files(folder, "")
    }


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{prefix}{entry.name}/")
        elif "." + entry.name.rpartition(".")[2] in TYPES:
            yield prefix + entry.name, entry


def _takes_gzip(accepted: str) -> bool:
    """Tell whether Accept-Encoding (RFC 9110, 12.5.3) names gzip, and not in order to refuse it."""
    for coding in accepted.lower().split(","):
        name, _, weight = coding.replace(" ", "").partition(";q=")
        if name == "gzip":
            return weight.strip("0.") != "" or not weight
    return False


def _tags(header: str) -> list[str]:
    return [tag.strip().removeprefix("W/") for tag in header.split(",")]
