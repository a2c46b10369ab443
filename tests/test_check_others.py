"""`hereabouts check` of other servers: the webhook and the host application's keys."""

import json
import socket
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey

from tests.checked import run


def test_webhook_that_nobody_answers_is_wrong() -> None:
    secret = ("--set", f"webhook_secret={'s' * 30}")
    with socket.create_server(("127.0.0.1", 0)) as there:
        port = there.getsockname()[1]
        status, told = run("--set", f"webhook_url=http://127.0.0.1:{port}/hook", *secret)
        assert (status, f"is reached at 127.0.0.1:{port}" in told) == (0, True)
    status, told = run("--set", f"webhook_url=http://127.0.0.1:{port}/hook", *secret)
    assert status == 1
    assert "webhook_url cannot be had" in told


@pytest.mark.parametrize("url", ["http://x:99999/", "http://[::1", "http:///path", "https://", "ftp://x", "x"])
def test_webhook_that_is_no_address_is_refused_with_an_example(url: str) -> None:
    status, told = run("--set", f"webhook_url={url}", "--set", f"webhook_secret={'s' * 30}")
    assert status == 2
    assert "https://" in told.partition(url)[2]


def test_webhook_of_a_name_that_cannot_be_is_wrong() -> None:
    status, told = run("--set", f"webhook_url=http://{'a' * 70}/", "--set", f"webhook_secret={'s' * 30}")
    assert status == 1
    assert "webhook_url cannot be had" in told


def test_certificate_and_keys_of_an_application_are_tried(tmp_path: Path) -> None:
    cert = tmp_path / "cert.pem"
    cert.write_text("no certificate")
    status, told = run("--set", f"tls_cert={cert}", "--set", f"tls_key={cert}")
    assert status == 1
    assert str(cert) in told
    auth = ("--set", "auth_issuer=https://uni.example", "--set", "auth_audience=chat")
    jwks = tmp_path / "jwks.json"
    status, told = run("--set", f"auth_jwks={jwks}", *auth)
    assert status == 1
    assert "nobody is verified" in told
    key = OKPKey.generate_key("Ed25519", {"kid": "1"}).as_dict(private=False)
    jwks.write_text(json.dumps({"keys": [key]}))
    status, told = run("--set", f"auth_jwks={jwks}", *auth)
    assert status == 0, told
    assert "has 1 usable key" in told
