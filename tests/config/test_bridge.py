"""WSGI behind RSGI, over a real socket: what Django says arrives, what the client sends arrives."""

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.desk import free_port

LARGEST = 1_000_000
APPLICATION = f'''
import json
from madoguchi.config.bridge import Bridge

class Body:
    """A streaming body, as Django's: iterable, with close()."""
    streaming = True
    def __init__(self, pieces, log): self.pieces, self.log = pieces, log
    def __iter__(self): return iter(self.pieces)
    def close(self): open(self.log, "a").write("closed\\n")

def wsgi(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/cookies":
        start_response("200 OK", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Name", "caf\\xe9")])
        return [b"two"]
    if path == "/unchanged":
        start_response("304 Not Modified", [("ETag", '"x"')])
        return [b""]
    if path == "/broken":
        raise ValueError("no")
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Body((b"y" * 65536 for _ in range(200)), environ["HTTP_X_LOG"])
    body = environ["wsgi.input"].read()
    answer = json.dumps({{"size": len(body), "body": body[:100].decode("latin-1"),
        "environ": {{k: v for k, v in environ.items() if isinstance(v, str)}}}}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
    return [answer]

class Application:
    bridge = Bridge(wsgi, threads=2, largest_body={LARGEST})
    def __rsgi_init__(self, loop): self.bridge.open()
    def __rsgi_del__(self, loop): self.bridge.close()
    async def __rsgi__(self, scope, proto): await self.bridge.answer(scope, proto)

application = Application()

if __name__ == "__main__":
    import sys
    from granian.constants import Interfaces
    from madoguchi.cli.granian_server import run_server
    run_server("bridged:application", Interfaces.RSGI, host="127.0.0.1", port=int(sys.argv[1]), workers=1)
'''


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder, port = tmp_path_factory.mktemp("bridge"), free_port()
    (folder / "bridged.py").write_text(APPLICATION)
    root = str(Path(__file__).resolve().parents[2])
    server = subprocess.Popen(
        ["setpriv", "--pdeathsig", "TERM", sys.executable, "bridged.py", str(port)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{folder}:{root}"},
        stderr=subprocess.DEVNULL,
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as ready:
        for _ in range(200):
            try:
                ready.get("/")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield ready
    server.send_signal(signal.SIGTERM)
    assert server.wait(60) == 0


def echo(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = json.loads(answer.content)
    return found


def test_the_head_of_a_page_has_its_length_and_no_body(client: httpx.Client) -> None:
    answer = client.head("/page")
    assert int(answer.headers["content-length"]) > 0
    assert answer.content == b""


def test_not_modified_has_no_body_and_keeps_its_tag(client: httpx.Client) -> None:
    answer = client.get("/unchanged")
    assert (answer.status_code, answer.headers["etag"], answer.content) == (304, '"x"', b"")


def test_every_cookie_arrives(client: httpx.Client) -> None:
    assert client.get("/cookies").headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_a_path_and_query_outside_latin_arrive_as_wsgi_wants_them(client: httpx.Client) -> None:
    environ = echo(client.get("/窓口/%E9%AB%99", params={"q": "問い合わせ"}))["environ"]
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/窓口/髙"
    assert environ["QUERY_STRING"] == "q=%E5%95%8F%E3%81%84%E5%90%88%E3%82%8F%E3%81%9B"


def test_a_header_with_an_underscore_cannot_pass_for_one_with_a_hyphen(client: httpx.Client) -> None:
    environ = echo(client.get("/", headers={"X_Forwarded_Proto": "https", "X-Real": "yes"}))["environ"]
    assert "HTTP_X_FORWARDED_PROTO" not in environ
    assert environ["HTTP_X_REAL"] == "yes"


def test_a_repeated_header_is_joined(client: httpx.Client) -> None:
    environ = echo(client.get("/", headers=[("x-tag", "a"), ("x-tag", "b")]))["environ"]
    assert environ["HTTP_X_TAG"] == "a,b"


def test_a_body_without_announced_length_arrives_whole(client: httpx.Client) -> None:
    answer = echo(client.post("/", content=iter([b"a" * 300_000, b"b" * 300_000])))
    assert answer["size"] == 600_000
    assert answer["environ"]["CONTENT_LENGTH"] == "600000"


def test_an_uploaded_file_arrives_byte_for_byte(client: httpx.Client) -> None:
    content = gzip.compress(os.urandom(200_000))
    answer = echo(client.post("/", files={"file": ("写真.jpg", content)}))
    assert answer["size"] > len(content)
    assert answer["environ"]["CONTENT_TYPE"].startswith("multipart/form-data; boundary=")


def test_a_body_at_the_limit_is_taken_and_one_byte_more_is_refused(client: httpx.Client) -> None:
    assert echo(client.post("/", content=b"x" * LARGEST))["size"] == LARGEST
    assert client.post("/", content=b"x" * (LARGEST + 1)).status_code == 413


def test_a_body_that_grows_beyond_the_limit_unannounced_is_refused(client: httpx.Client) -> None:
    answer = client.post("/api/v1/tickets", content=iter([b"x" * 100_000] * 11))
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 413


def test_an_error_outside_django_is_answered_and_the_next_request_works(client: httpx.Client) -> None:
    assert client.get("/broken").status_code == 500
    assert client.get("/").status_code == 200


def test_a_long_answer_arrives_whole_and_is_closed(client: httpx.Client, tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert len(client.get("/stream", headers={"X-Log": str(log)}).content) == 200 * 65536
    assert log.read_text() == "closed\n"


def test_a_reader_that_leaves_frees_the_thread(client: httpx.Client, tmp_path: Path) -> None:
    log = tmp_path / "log"
    for _ in range(3):  # more than there are threads
        with client.stream("GET", "/stream", headers={"X-Log": str(log)}) as answer:
            next(answer.iter_raw())
    assert echo(client.get("/"))["size"] == 0


def test_requests_at_the_same_time_do_not_mix(client: httpx.Client) -> None:
    wrong: list[int] = []

    def ask(number: int) -> None:
        with httpx.Client(base_url=client.base_url, timeout=60) as own:
            for turn in range(20):
                text = f"{number}-{turn}"
                if echo(own.post("/", content=text))["body"] != text:
                    wrong.append(number)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
