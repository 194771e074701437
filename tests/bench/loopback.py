"""A DynamoDB and a KMS on loopback: reads as they were recorded, writes always done, keys of the house in memory."""

import base64
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from chalicelib.model.secret import Secret
from chalicelib.storage.aws.client import Session
from chalicelib.storage.aws.signing import Credentials
from chalicelib.storage.aws.tables import DynamoTables
from chalicelib.storage.layout import Table
from tests.bench.messages import Messages
from tests.bench.recorder import Answers, Question
from tests.bench.staging import Exchange

WRITES = ("PutItem", "TransactWriteItems")
TOKEN = "session" * 100  # as long as Lambda's, since it is signed and sent


class Loopback(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.answers: Answers = {}
        self.calls: list[str] = []
        self.asked = Counter[Question]()
        self.house: Any = None

    def answer_as(self, messages: Messages, exchange: Exchange) -> None:
        self.house, self.answers = messages.house, messages.kept | exchange.answers
        self.asked.clear()

    def answer(self, question: Question) -> bytes:
        """What is asked again and again is answered in turn as it was the first time."""
        said = self.answers.get(question, [b"{}"])
        self.asked[question] += 1
        return said[(self.asked[question] - 1) % len(said)]

    def tables(self) -> DynamoTables:
        """Muster's own client, talking to this server."""
        session = Session("us-east-1", Credentials("AKIAEXAMPLE", Secret("secret"), TOKEN), endpoint=self.url)
        return DynamoTables(session, {table: table.value for table in Table})

    @property
    def environment(self) -> dict[str, str]:
        """Of a function in a process of its own."""
        tables = {f"MUSTER_{table.name}_TABLE": table.value for table in Table}
        keys = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": TOKEN}
        urls = {"AWS_ENDPOINT_URL": self.url, "MUSTER_DEVICE_URL": "https://devices.example.test"}
        return {**tables, **keys, **urls, "MUSTER_ORGANIZATION": "Example"}


class _Handler(BaseHTTPRequestHandler):
    server: Loopback
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        service, _, operation = self.headers["x-amz-target"].partition(".")
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.calls.append(operation)
        answer = (
            _kms(self.server.house, operation, body) if service == "TrentService" else self._dynamodb(operation, body)
        )
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {len(answer)}\r\n\r\n"
        self.wfile.write(head.encode() + answer)

    def _dynamodb(self, operation: str, body: Mapping[str, Any]) -> bytes:
        return b"{}" if operation in WRITES else self.server.answer(_question(operation, body))

    def log_message(self, *_: Any) -> None:
        pass


def _question(operation: str, body: Mapping[str, Any]) -> Question:
    if operation == "Query":
        values = body["ExpressionAttributeValues"]
        return operation, body["TableName"], values[":pk"]["S"], values.get(":low", {}).get("S", "")
    table = body["TableName"] if operation == "GetItem" else next(iter(body["RequestItems"]))
    key = body["Key"] if operation == "GetItem" else body["RequestItems"][table]["Keys"][0]
    return operation, table, key["pk"]["S"], key["sk"]["S"]


def _kms(house: Any, operation: str, body: Mapping[str, Any]) -> bytes:
    name, value = _KMS[operation](house, body)
    return json.dumps({name: base64.b64encode(value).decode()}).encode()


def _signed(house: Any, body: Mapping[str, Any]) -> bytes:
    digest = base64.b64decode(body["Message"])
    signature: bytes = house.ca_key._key.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
    return signature


_KMS: Mapping[str, Callable[[Any, Mapping[str, Any]], tuple[str, bytes]]] = {
    "Decrypt": lambda house, body: ("Plaintext", house.vault._derive(base64.b64decode(body["CiphertextBlob"]))),
    "Sign": lambda house, body: ("Signature", _signed(house, body)),
    "GetPublicKey": lambda house, body: ("PublicKey", house.ca_key.public_key_der),
}


@contextmanager
def loopback() -> Iterator[Loopback]:
    with Loopback() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
