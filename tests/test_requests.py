"""What an operator may ask, and nothing else."""

import pytest

from server.operate.admin.requests import NotDone, read

NO_REQUESTS = (
    b"", b"{}", b"[]", b'{"act":"reboot"}', b'{"act":"show"}', b'{"act":"show","ticket":"../x"}', b"\xff", b"[" * 5000,
    b'{"act":"close","ticket":"T1","extra":1}', b'{"act":"audit","most":100000}',
)  # fmt: skip


@pytest.mark.parametrize("line", NO_REQUESTS)
def test_what_is_no_request_is_refused(line: bytes) -> None:
    with pytest.raises(NotDone, match="cannot be asked"):
        read(line)
