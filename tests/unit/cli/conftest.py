"""The people plane behind real HTTP on loopback, with a worker that builds reports and devices that obey."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest

from chalicelib.cli.main import main
from chalicelib.core import delivery, reports
from chalicelib.core.delivery import Outcome
from chalicelib.model.command import CommandState
from chalicelib.model.device import Device
from tests.web.staging import PASSWORD, Plane
from tests.web.staging import plane as staged


class Blobs:
    """The memory twin, with links that a client can follow."""

    def __init__(self, blobs: Any, url: str) -> None:
        self.put, self.get, self._url = blobs.put, blobs.get, url

    def link(self, key: str, seconds: int, filename: str) -> str:
        return f"{self._url}/blobs/{quote(key)}?signed"


@dataclass
class Server:
    plane: Plane
    url: str = ""
    obedient: list[Device] = field(default_factory=list)
    outcome: Outcome = field(default_factory=lambda: Outcome(CommandState.ACKNOWLEDGED))
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    lose_posts: int = 0  # answers to so many POST requests are lost after the work is done
    lock: threading.Lock = field(default_factory=threading.Lock)

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        with self.lock:
            self.seen.append((method, path, headers))
            if path.startswith("/blobs/"):
                return self._blob(path, headers)
            reply = self.plane.http.request(method, path, headers=headers, body=body)
            self._work()
            if self.lose_posts and method == "POST":
                self.lose_posts -= 1
                return 503, {}, b""
            return reply.status_code, reply.headers, reply.body

    def _blob(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if "authorization" in headers:  # as S3 does: two ways to prove oneself are one too many
            return 400, {}, b""
        return 200, {}, self.plane.house.blobs.get(unquote(path.removeprefix("/blobs/").partition("?")[0]))

    def _work(self) -> None:
        for message in self.plane.house.reports.drain():
            reports.build(self.plane.house, message.body["report"])
        for device in self.obedient:
            poll = self.plane.poll(device)
            if offered := delivery.next_command(self.plane.house, poll, skip_deferred=False):
                delivery.finish(self.plane.house, self.plane.poll(device), offered[0].id, self.outcome)


@pytest.fixture
def server() -> Iterator[Server]:
    served = Server(staged())

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answered, content = served.handle(self.command, self.path, headers, body)
            self.send_response(status)
            for name, value in answered.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{listener.server_port}"
    house = served.plane.house
    served.plane.house = replace(house, blobs=Blobs(house.blobs, served.url))
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield served
    listener.shutdown()
    thread.join()
    listener.server_close()


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Muster:
    """Runs `muster …` in a folder with a configuration of its own."""

    server: Server
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str, code: int = 0) -> Run:
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main(arguments)
        out, err = self.capsys.readouterr()
        assert (end.value.code or 0) == code, (end.value.code, out, err)
        if code and code != 2:
            assert err.startswith("muster: ")
            assert "Traceback" not in err
        return Run(code, out, err)

    def dev_file(self, **more: str) -> None:
        """What `muster dev` leaves in the working directory."""
        state = {"api_url": f"{self.server.url}/api/v1", "admin_username": "admin", "admin_password": PASSWORD,
                 "admin_token": self.server.plane.tokens["token"], **more}  # fmt: skip
        (self.folder / ".muster").mkdir(exist_ok=True)
        (self.folder / ".muster/dev.json").write_text(json.dumps(state))


@pytest.fixture
def bare(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Muster:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Muster(server, tmp_path, capsys)


@pytest.fixture
def muster(bare: Muster) -> Muster:
    bare.dev_file()
    return bare
