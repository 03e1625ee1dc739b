"""What leaves the house goes only where it may, and comes back within limits."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from madoguchi.foundation import outbound
from madoguchi.foundation.outbound import ForbiddenError, post, require_callable
from tests.consultations.hook import Hook, listening


@pytest.fixture
def hook() -> Iterator[Hook]:
    with listening() as hook:
        yield hook


def resolves(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Whatever is asked for, the name server says these addresses."""
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(outbound.socket, "getaddrinfo", lambda *_, **__: rows)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://",
        "https://user:x@example.com/",
        "https://exa mple.com/",
        "https://example.com:99999/",
        "javascript:alert(1)",
        "",
    ],
)
def test_what_is_no_address_to_call(url: str) -> None:
    with pytest.raises(ForbiddenError):
        require_callable(url)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "224.0.0.1"),
    ],
)
def test_nothing_is_posted_into_a_private_network(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolves(monkeypatch, "93.184.216.34", address)
    with pytest.raises(ForbiddenError):
        post("https://rebinding.example/", body=b"", headers={})


def test_a_host_of_the_own_network_is_called_where_the_settings_name_it(hook: Hook) -> None:
    with pytest.raises(ForbiddenError):
        post(hook.url, body=b"x", headers={})
    answer = post(hook.url, body=b"x", headers={"X-A": "b"}, inside=["127.0.0.1"])
    assert (answer.status, answer.body) == (200, "ok")
    (posted,) = hook.posted
    assert (posted.path, posted.headers["X-A"], posted.headers["Host"]) == (
        "/services/T0/B0",
        "b",
        f"127.0.0.1:{hook.port}",
    )


def test_a_redirect_is_an_answer_and_is_not_followed(hook: Hook) -> None:
    hook.status, hook.headers = 302, {"Location": f"http://127.0.0.1:{hook.port}/elsewhere"}
    assert post(hook.url, body=b"", headers={}, inside=["127.0.0.1"]).status == 302
    assert len(hook.posted) == 1


def test_a_long_answer_is_cut(hook: Hook) -> None:
    hook.says = "あ" * 100_000
    assert len(post(hook.url, body=b"", headers={}, inside=["127.0.0.1"]).body) < 25_000


def test_whoever_answers_drop_by_drop_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(Exception) as failure:  # noqa: PT011 (either of the two that callers know)
            post(f"http://127.0.0.1:{port}/", body=b"", headers={}, inside=["127.0.0.1"])
        assert isinstance(failure.value, OSError | outbound.http.client.HTTPException)


@pytest.mark.parametrize(
    ("host", "inside", "expected"),
    [
        ("chat.example.co.jp", ["chat.example.co.jp"], True),
        ("Chat.example.co.jp.", ["chat.example.co.jp"], True),
        ("a.example.co.jp", [".example.co.jp"], True),
        ("evilexample.co.jp", [".example.co.jp"], False),
        ("example.co.jp.evil.example", [".example.co.jp", "example.co.jp"], False),
    ],
)
def test_which_hosts_are_of_the_own_network(host: str, inside: list[str], expected: Any) -> None:
    assert outbound.is_inside(host, inside) is expected
