"""Files of web pages over HTTP: compressed, asked for again only when they changed, and no others than were read."""

import gzip
from pathlib import Path

import pytest

from server.http import HttpResponse, Request
from server.static import TYPES, StaticFile, installed_pages, page_routes

SCRIPT = b"export const answer = 42;\n" * 20


def get(route: StaticFile, **headers: str) -> HttpResponse:
    return route(Request("GET", "/", "", {name.replace("_", "-"): text for name, text in headers.items()}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "strings").mkdir()
    (tmp_path / "index.html").write_bytes(b"<!doctype html>")
    (tmp_path / "app.js").write_bytes(SCRIPT)
    (tmp_path / "strings" / "en.json").write_bytes(b"{}")
    (tmp_path / "__init__.py").write_bytes(b"secret = 1")
    (tmp_path / "notes").write_bytes(b"no suffix")
    return tmp_path


def test_index_answers_at_its_folder_and_every_file_at_its_name(folder: Path) -> None:
    assert set(page_routes(folder)) == {"/", "/app.js", "/strings/en.json"}


def test_what_is_added_or_changed_later_is_not_looked_at(folder: Path) -> None:
    table = page_routes(folder)
    (folder / "app.js").write_bytes(b"changed")
    assert get(table["/app.js"]).body == SCRIPT


@pytest.mark.parametrize("accepted", ["gzip", "deflate, gzip, br", "GZIP;q=0.5", "gzip; q=1.0"])
def test_a_client_that_takes_gzip_gets_it(accepted: str) -> None:
    response = get(StaticFile("app.js", SCRIPT), accept_encoding=accepted)
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(response.body) < len(SCRIPT)
    assert gzip.decompress(response.body) == SCRIPT


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0", "xgzip"])
def test_a_client_that_does_not_gets_the_file_as_it_is(accepted: str) -> None:
    response = get(StaticFile("app.js", SCRIPT), accept_encoding=accepted)
    assert "Content-Encoding" not in response.headers
    assert (response.status, response.body) == (200, SCRIPT)


def test_what_gzip_would_not_shrink_is_sent_as_it_is() -> None:
    response = get(StaticFile("icon.png", b"\x89PNG"), accept_encoding="gzip")
    assert (response.body, response.content_type) == (b"\x89PNG", "image/png")


@pytest.mark.parametrize("accepted", ["", "gzip"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}'])
def test_whoever_names_the_tag_is_told_that_nothing_changed(accepted: str, form: str) -> None:
    route = StaticFile("app.js", SCRIPT)
    tag = get(route, accept_encoding=accepted).headers["ETag"]
    response = get(route, accept_encoding=accepted, if_none_match=form.format(tag))
    assert (response.status, response.body, response.headers["ETag"]) == (304, b"", tag)
    assert b"Content-Length" not in response.to_bytes()


def test_the_tag_tells_contents_and_coding_apart() -> None:
    tags = {
        get(StaticFile("app.js", body), accept_encoding=accepted).headers["ETag"]
        for body in (SCRIPT, SCRIPT + b"\n")
        for accepted in ("", "gzip")
    }
    assert len(tags) == 4


def test_scripts_styles_and_connections_come_from_here_alone() -> None:
    policy = get(StaticFile("index.html", b"x")).headers["Content-Security-Policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert not any("unsafe" in rule or "http" in rule for rule in policy)
    assert "Content-Security-Policy" in get(StaticFile("icon.svg", b"<svg/>")).headers
    assert "Content-Security-Policy" not in get(StaticFile("app.js", SCRIPT)).headers  # the document's holds for it


def test_the_page_of_this_project_is_found_where_it_is_installed() -> None:
    table = installed_pages()
    assert {"/", "/app.js", "/client.js", "/css/base.css", "/strings/en.json", "/manifest.webmanifest"} <= set(table)
    assert all(path.endswith(tuple(TYPES)) or path == "/" for path in table)
