"""Retries, refusals and connections, against a server that answers what the test says."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chalicelib.core.errors import MusterError, Unavailable
from chalicelib.core.ports import Remove
from chalicelib.model.device import Device
from chalicelib.model.finding import Finding
from chalicelib.model.secret import Secret
from chalicelib.storage.aws.client import ATTEMPTS, DYNAMODB, KMS, AwsRefused, Session
from chalicelib.storage.aws.signing import Credentials
from chalicelib.storage.aws.tables import DynamoTables
from chalicelib.storage.codec import encode
from chalicelib.storage.layout import Key, Table
from chalicelib.storage.records import RecordStore
from chalicelib.storage.tables import Absent, Put, Refused
from chalicelib.storage.wire import to_wire
from tests.contract.storage.samples import device

Script = tuple[int, Any]  # status and JSON body; status 0 hangs up, -1 sends half an answer


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Script] = []
        self.seen: list[tuple[dict[str, str], bytes]] = []
        self.connections: set[Any] = set()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.seen.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.server.connections.add(self.client_address)
        status, answer = self.server.script.pop(0) if self.server.script else (200, {})
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        if status > 0:
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            return
        if status < 0:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data) + 10))
            self.end_headers()
            self.wfile.write(data)
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


PAUSES: list[float] = []


@pytest.fixture
def session(server: Server) -> Session:
    PAUSES.clear()
    credentials = Credentials("AKID", Secret("wJalr"), "token")
    return Session("eu-central-1", credentials, endpoint=server.endpoint, rest=PAUSES.append)


def error(code: str, **more: Any) -> dict[str, Any]:
    return {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "secret words", **more}


TROUBLE: list[Script] = [
    (500, error("InternalServerError")),
    (503, b"<html>"),
    (400, error("ProvisionedThroughputExceededException")),
    (400, error("ThrottlingException")),
    (400, error("RequestLimitExceeded")),
    (400, error("TransactionConflictException")),
    (400, error("TransactionInProgressException")),
    (0, {}),
    (-1, {"Item": 1}),
]


@pytest.mark.parametrize("trouble", TROUBLE, ids=str)
def test_trouble_passes(server: Server, session: Session, trouble: Script) -> None:
    server.script = [trouble] * (ATTEMPTS - 1) + [(200, {"ok": 1})]
    assert session.call(DYNAMODB, "GetItem", {"a": 1}) == {"ok": 1}
    assert len(server.seen) == ATTEMPTS
    assert len({body for _, body in server.seen}) == 1
    assert len(PAUSES) == ATTEMPTS - 1
    assert all(0 <= pause <= 1 for pause in PAUSES)


@pytest.mark.parametrize("trouble", TROUBLE, ids=str)
def test_trouble_stays(server: Server, session: Session, trouble: Script) -> None:
    server.script = [trouble] * 20
    with pytest.raises(Unavailable):
        session.call(DYNAMODB, "GetItem", {})
    assert len(server.seen) == ATTEMPTS


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException", "ResourceNotFoundException"])
def test_a_refusal_is_not_repeated_and_tells_no_data(server: Server, session: Session, code: str) -> None:
    server.script = [(400, error(code))]
    with pytest.raises(AwsRefused) as caught:
        session.call(DYNAMODB, "GetItem", {})
    assert len(server.seen) == 1
    assert caught.value.code == code
    assert "secret words" not in str(caught.value)
    assert caught.value.status == 500


def test_an_answer_that_is_no_json(server: Server, session: Session) -> None:
    server.script = [(200, b"hello")]
    with pytest.raises(Unavailable):
        session.call(DYNAMODB, "GetItem", {})


def test_what_is_sent(server: Server, session: Session) -> None:
    session.call(KMS, "Sign", {"KeyId": "k"})
    headers, body = server.seen[0]
    assert body == b'{"KeyId":"k"}'
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert headers["x-amz-target"] == "TrentService.Sign"
    assert headers["x-amz-security-token"] == "token"
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKID/")
    session.call(KMS, "Sign", {}, signed=False)
    assert "authorization" not in server.seen[1][0]


def test_one_connection_serves_many_calls(server: Server, session: Session) -> None:
    for _ in range(5):
        session.call(DYNAMODB, "GetItem", {})
    assert len(server.connections) == 1


def test_a_connection_that_was_closed_while_idle_costs_no_retry(server: Server, session: Session) -> None:
    session.call(DYNAMODB, "GetItem", {})
    pool = session._transport
    (connection,) = pool._idle[server.endpoint]  # type: ignore[attr-defined]
    connection.sock.shutdown(2)
    assert session.call(DYNAMODB, "GetItem", {}) == {}
    assert PAUSES == []
    assert len(server.seen) == 2


def test_nobody_listens() -> None:
    session = Session("x", Credentials("a", Secret("b")), endpoint="http://127.0.0.1:1", rest=lambda pause: None)
    with pytest.raises(Unavailable):
        session.call(DYNAMODB, "GetItem", {})


NAMES = {table: str(table) for table in Table}


def item(number: int) -> dict[str, Any]:
    return to_wire({"pk": f"D#{number}", "sk": "#M"})


def test_unprocessed_keys_are_asked_for_again(server: Server, session: Session) -> None:
    keys = [Key(f"D#{number}", "#M") for number in range(3)]
    left = {"core": {"Keys": [item(2)]}}
    server.script = [(200, {"Responses": {"core": [item(0)]}, "UnprocessedKeys": left}),
                     (200, {"Responses": {"core": [item(2)]}})]  # fmt: skip
    found = DynamoTables(session, NAMES).get_many(Table.CORE, keys)
    assert [entry["pk"] for entry in found] == ["D#0", "D#2"]
    assert json.loads(server.seen[1][1])["RequestItems"]["core"]["Keys"] == [item(2)]
    assert session.meter.total("dynamodb").read_units == 3


def test_keys_that_are_never_processed(server: Server, session: Session) -> None:
    server.script = [(200, {"Responses": {}, "UnprocessedKeys": {"core": {"Keys": [item(1)]}}})] * 9
    with pytest.raises(Unavailable):
        DynamoTables(session, NAMES).get_many(Table.CORE, [Key("D#1", "#M")])


PUT = Put(Table.CORE, {"pk": "a", "sk": "b"}, Absent())


@pytest.mark.parametrize(("codes", "found", "contended"), [
    (["None", "TransactionConflict"], set(), True),
    (["ConditionalCheckFailed", "TransactionConflict"], {0}, False),
    (["ThrottlingError", "None"], set(), True),
])  # fmt: skip
def test_why_a_transaction_was_cancelled(
    server: Server, session: Session, codes: list[str], found: set[int], contended: bool
) -> None:
    reasons = [{"Code": code} for code in codes]
    server.script = [(400, error("TransactionCanceledException", CancellationReasons=reasons))]
    with pytest.raises(Refused) as caught:
        DynamoTables(session, NAMES).transact([PUT, PUT], "token")
    assert set(caught.value.found) == found
    assert caught.value.contended is contended


def test_a_cancellation_that_no_repeat_would_change(server: Server, session: Session) -> None:
    reasons = [{"Code": "ValidationError"}, {"Code": "None"}]
    server.script = [(400, error("TransactionCanceledException", CancellationReasons=reasons))]
    with pytest.raises(MusterError, match="ValidationError"):
        DynamoTables(session, NAMES).transact([PUT, PUT], "token")


def test_a_contended_transaction_is_tried_again_under_a_new_token(server: Server, session: Session) -> None:
    cancelled = error("TransactionCanceledException", CancellationReasons=[{"Code": "TransactionConflict"}])
    server.script = [(400, cancelled)] * 3 + [(200, {})]
    RecordStore(DynamoTables(session, NAMES)).commit(Remove(device(version=1)))
    assert len({json.loads(body)["ClientRequestToken"] for _, body in server.seen}) == 4


def test_a_page_that_dynamodb_cut_short_has_a_cursor(server: Server, session: Session) -> None:
    stored = to_wire({"pk": "D#1", "sk": "#M", "list_pk": "device", "list_sk": "1"})
    whole = {**stored, **to_wire({**encode(device("1")), "version": 1})}
    server.script = [(200, {"Items": [whole], "LastEvaluatedKey": stored}), (200, {"Items": []})]
    store = RecordStore(DynamoTables(session, NAMES))
    page = store.listing(Device, limit=10)
    assert len(page.items) == 1
    assert page.cursor
    assert store.listing(Device, cursor=page.cursor).cursor == ""
    assert json.loads(server.seen[1][1])["ExclusiveStartKey"] == stored


def test_the_device_plane_imports_little() -> None:
    code = "import sys; import chalicelib.storage.records, chalicelib.storage.aws.tables; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"boto3", "botocore", "urllib3", "requests", "httpx", "jwt", "cryptography", "chalice", "pydantic"}
    assert not heavy & {name.partition(".")[0] for name in loaded}


def test_reads_are_strongly_consistent_but_those_of_an_index(server: Server, session: Session) -> None:
    store = RecordStore(DynamoTables(session, NAMES))
    store.find(Device, "1")
    store.get_many(Device, "1")
    store.poll("E1")
    store.collect(Finding, "1")
    store.listing(Device)
    store.shard(7)
    asked = [json.loads(body) for _, body in server.seen]
    asked[1] = asked[1]["RequestItems"]["core"]
    consistent = [body["ConsistentRead"] for body in asked]
    assert consistent == [True, True, True, True, False, False]
    assert [body.get("IndexName") for body in asked[4:]] == ["listing", "sweep"]
