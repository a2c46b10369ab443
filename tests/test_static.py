"""Files of web pages over HTTP: compressed, asked for again only when they changed, and no others than were read."""

import gzip
import re
from importlib.resources import files
from pathlib import Path

import pytest
from rjsmin import jsmin

from server.http import HttpResponse, Request
from server.static import TYPES, StaticFile, installed_pages, page_routes

WORDS = b'{"answer": "forty-two"}\n' * 20


def get(route: StaticFile, **headers: str) -> HttpResponse:
    return route(Request("GET", "/", "", {name.replace("_", "-"): text for name, text in headers.items()}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "strings").mkdir()
    (tmp_path / "index.html").write_bytes(b"<!doctype html>")
    (tmp_path / "app.js").write_bytes(b"answer();")
    (tmp_path / "strings" / "en.json").write_bytes(b"{}")
    (tmp_path / "__init__.py").write_bytes(b"secret = 1")
    (tmp_path / "notes").write_bytes(b"no suffix")
    return tmp_path


def test_index_answers_at_its_folder_and_every_file_at_its_name(folder: Path) -> None:
    assert set(page_routes(folder)) == {"/", "/app.js", "/strings/en.json"}


def test_what_is_added_or_changed_later_is_not_looked_at(folder: Path) -> None:
    table = page_routes(folder)
    (folder / "app.js").write_bytes(b"changed")
    assert get(table["/app.js"]).body == b"answer();"


@pytest.mark.parametrize("accepted", ["gzip", "deflate, gzip, br", "GZIP;q=0.5", "gzip; q=1.0"])
def test_a_client_that_takes_gzip_gets_it(accepted: str) -> None:
    response = get(StaticFile("en.json", WORDS), accept_encoding=accepted)
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(response.body) < len(WORDS)
    assert gzip.decompress(response.body) == WORDS


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "gzip; q=0.0", "xgzip"])
def test_a_client_that_does_not_gets_the_file_as_it_is(accepted: str) -> None:
    response = get(StaticFile("en.json", WORDS), accept_encoding=accepted)
    assert "Content-Encoding" not in response.headers
    assert (response.status, response.body) == (200, WORDS)


@pytest.mark.parametrize(
    ("name", "source", "sent"),
    [
        (
            "app.js",
            "/* What is said. */\nconst answer = `two  ${n}  // words`; // all\n",
            "const answer=`two  ${n}  // words`;",
        ),
        ("base.css", "/* Dark. */\na {\n  color: red;\n}\n", "a{color:red}"),
        ("en.json", '{\n  "a": 1\n}\n', '{\n  "a": 1\n}\n'),
    ],
)
def test_of_scripts_and_styles_what_browsers_do_not_need_is_not_sent(name: str, source: str, sent: str) -> None:
    route = StaticFile(name, source.encode())
    assert get(route).body.decode().strip() == sent.strip()
    assert gzip.decompress(get(StaticFile(name, source.encode() * 20), accept_encoding="gzip").body).count(b"/*") == 0


@pytest.mark.parametrize("page", ["client_demo.page", "server.operate.admin.page"])
def test_no_template_stands_within_another_which_would_lose_its_spaces(page: str) -> None:
    assert jsmin("`a ${b ? ` c  d` : 0}`") != "`a ${b ? ` c  d` : 0}`", "it is taken as written: this test can go"
    scripts = [file for file in files(page).iterdir() if file.name.endswith(".js")]
    assert scripts
    for script in scripts:
        assert not re.findall(r"\$\{[^}`]*`.*", script.read_text(encoding="utf-8")), script.name


def test_what_gzip_would_not_shrink_is_sent_as_it_is() -> None:
    response = get(StaticFile("icon.png", b"\x89PNG"), accept_encoding="gzip")
    assert (response.body, response.content_type) == (b"\x89PNG", "image/png")


@pytest.mark.parametrize("accepted", ["", "gzip"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}'])
def test_whoever_names_the_tag_is_told_that_nothing_changed(accepted: str, form: str) -> None:
    route = StaticFile("en.json", WORDS)
    tag = get(route, accept_encoding=accepted).headers["ETag"]
    response = get(route, accept_encoding=accepted, if_none_match=form.format(tag))
    assert (response.status, response.body, response.headers["ETag"]) == (304, b"", tag)
    assert b"Content-Length" not in response.to_bytes()


def test_the_tag_tells_contents_and_coding_apart() -> None:
    tags = {
        get(StaticFile("en.json", body), accept_encoding=accepted).headers["ETag"]
        for body in (WORDS, WORDS + b"\n")
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
    assert "Content-Security-Policy" not in get(StaticFile("en.json", WORDS)).headers  # the document's holds for it


def test_the_page_of_this_project_is_found_where_it_is_installed() -> None:
    table = installed_pages()
    assert {"/", "/app.js", "/client.js", "/css/base.css", "/strings/en.json", "/manifest.webmanifest"} <= set(table)
    assert all(path.endswith(tuple(TYPES)) or path == "/" for path in table)
