"""`hereabouts check` of secrets: whether they can be guessed or read."""

from pathlib import Path

import pytest

from tests.certificates import make_pem
from tests.checked import STRONG, run


@pytest.mark.parametrize("secret", ["0" * 64, "ab" * 32, "0123456789abcdef" * 4])
def test_secret_that_is_not_random_is_wrong_and_not_shown(secret: str) -> None:
    status, told = run(HEREABOUTS_SECRET=secret)
    assert status == 1
    assert "openssl rand -hex 32" in told
    assert secret not in told


def test_secret_others_can_read_is_noted(tmp_path: Path) -> None:
    config = tmp_path / "here.toml"
    config.write_text(f'secret = "{STRONG}"\n')
    config.chmod(0o644)
    assert f"chmod 600 {config}" in run("--config", str(config))[1]
    config.chmod(0o600)
    assert "chmod" not in run("--config", str(config))[1]
    told = run("--set", f"secret={STRONG}")[1]
    assert "every user of this machine" in told
    assert STRONG not in told


def test_admin_token_that_travels_in_clear_is_noted(tmp_path: Path) -> None:
    pem = str(make_pem(tmp_path))
    told = "admin_token is set, and 0.0.0.0 speaks no TLS"
    assert told in run("--host", "0.0.0.0", HEREABOUTS_ADMIN_TOKEN=STRONG)[1]
    for safe in (
        ["--host", "127.0.0.1"],
        ["--host", "0.0.0.0", "--tls-cert", pem, "--tls-key", pem],
        ["--host", "0.0.0.0", "--set", "trusted_proxies=10.0.0.0/8"],
    ):
        assert "speaks no TLS" not in run(*safe, HEREABOUTS_ADMIN_TOKEN=STRONG)[1]
