"""What the log says."""

import logging

import pytest
from django.test import Client


def test_a_request_for_another_host_is_one_line_of_warning(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert client.get("/healthz/", headers={"host": "stranger.example"}).status_code == 400
    (record,) = [one for one in caplog.records if one.name.startswith("django.security")]
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)
    line = logging.Formatter().format(record)
    assert "'stranger.example' to MADOGUCHI_ALLOWED_HOSTS" in line
    assert "\n" not in line
