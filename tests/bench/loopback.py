"""A DynamoDB on loopback that knows its answers by heart: reads as recorded, writes always done."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chalicelib.model.secret import Secret
from chalicelib.storage.aws.client import Session
from chalicelib.storage.aws.signing import Credentials
from chalicelib.storage.aws.tables import DynamoTables
from chalicelib.storage.layout import Table
from tests.bench.recorder import Answers, Question

WRITES = ("PutItem", "TransactWriteItems")


class Loopback(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: Answers = {}
        self.calls: list[str] = []

    def tables(self) -> DynamoTables:
        """Muster's own client, talking to this server."""
        credentials = Credentials("AKIAEXAMPLE", Secret("secret"), token="session" * 100)  # as long as Lambda's
        session = Session("us-east-1", credentials, endpoint=f"http://127.0.0.1:{self.server_port}")
        return DynamoTables(session, {table: table.value for table in Table})


class _Handler(BaseHTTPRequestHandler):
    server: Loopback
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        operation = self.headers["x-amz-target"].rpartition(".")[2]
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.calls.append(operation)
        answer = b"{}" if operation in WRITES else self.server.answers.get(_question(operation, body), b"{}")
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {len(answer)}\r\n\r\n"
        self.wfile.write(head.encode() + answer)

    def log_message(self, *_: Any) -> None:
        pass


def _question(operation: str, body: Mapping[str, Any]) -> Question:
    if operation == "Query":
        values = body["ExpressionAttributeValues"]
        return operation, body["TableName"], values[":pk"]["S"], values.get(":low", {}).get("S", "")
    table = body["TableName"] if operation == "GetItem" else next(iter(body["RequestItems"]))
    key = body["Key"] if operation == "GetItem" else body["RequestItems"][table]["Keys"][0]
    return operation, table, key["pk"]["S"], key["sk"]["S"]


@contextmanager
def loopback() -> Iterator[Loopback]:
    with Loopback() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
