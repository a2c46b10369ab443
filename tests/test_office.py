"""The operator's office: each request is somebody's business."""

from typing import get_args

from server.operate.admin.requests import AnyRequest
from tests.desks import Desk


def test_every_request_has_its_act() -> None:
    assert set(get_args(AnyRequest)) == set(Desk().office._acts)
