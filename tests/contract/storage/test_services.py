"""Files, evidence, queue, vault and signers: in memory and on MiniStack."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from chalicelib.core.errors import (
    AlreadyExists,
    BadRequest,
    Corrupt,
    MusterError,
    NotFound,
    TooLarge,
    Unavailable,
)
from chalicelib.core.ports import Blobs, Evidence, Message, Queue, Signer, Vault
from chalicelib.model.secret import Secret
from chalicelib.storage.aws import keys
from chalicelib.storage.aws.client import Session
from chalicelib.storage.aws.files import S3Blobs, S3Evidence
from chalicelib.storage.aws.keys import KmsSigner, KmsVault
from chalicelib.storage.aws.queue import SqsQueue
from chalicelib.storage.aws.transport import Answer, Pool
from chalicelib.storage.capacity import Meter
from chalicelib.storage.memory.house import memory_house
from chalicelib.storage.memory.services import MemoryQueue
from tests.contract.storage import engines
from tests.contract.storage.faults import Lossy

CONTEXT = {"owner": "D1", "kind": "unlock_token", "number": "1"}


@dataclass(frozen=True)
class Services:
    blobs: Blobs
    evidence: Evidence
    queue: Queue
    vault: Vault
    rsa: Signer
    ec: Signer
    meter: Meter
    received: Callable[[], list[Any]]  # bodies in the queue


@dataclass(frozen=True)
class Names:
    files: str
    evidence: str
    queue: str
    secrets: str
    rsa: str
    ec: str


@pytest.fixture(scope="session")
def names(ministack: str) -> Names:
    s3, kms, sqs = (engines.client(name, ministack) for name in ("s3", "kms", "sqs"))
    where = {"CreateBucketConfiguration": {"LocationConstraint": engines.REGION}}
    s3.create_bucket(Bucket="files", **where)
    s3.create_bucket(Bucket="evidence", ObjectLockEnabledForBucket=True, **where)
    rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 365}}
    s3.put_object_lock_configuration(
        Bucket="evidence", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )

    def key(**options: str) -> str:
        return str(kms.create_key(**options)["KeyMetadata"]["KeyId"])

    queue = sqs.create_queue(QueueName="wake")["QueueUrl"]
    signing = {"KeyUsage": "SIGN_VERIFY"}
    pair = key(KeySpec="RSA_2048", **signing), key(KeySpec="ECC_NIST_P256", **signing)
    return Names("files", "evidence", queue, key(), *pair)


@pytest.fixture(params=["memory", "ministack"])
def services(request: pytest.FixtureRequest) -> Services:
    meter = Meter()
    if request.param == "memory":
        house = memory_house(meter=meter)
        assert isinstance(house.wakes, MemoryQueue)
        queue = house.wakes
        return Services(
            house.blobs,
            house.evidence,
            queue,
            house.vault,
            house.ca_key,
            house.evidence_key,
            meter,
            lambda: [message.body for message in queue.drain()],
        )
    endpoint, names = request.getfixturevalue("ministack"), request.getfixturevalue("names")
    session = Session(engines.REGION, engines.ROOT, endpoint=endpoint, meter=meter)
    return Services(
        S3Blobs(session, names.files),
        S3Evidence(session, names.evidence),
        SqsQueue(session, names.queue),
        KmsVault(session, names.secrets),
        KmsSigner(session, names.rsa, keys.RSA),
        KmsSigner(session, names.ec, keys.ECDSA),
        meter,
        lambda: receive(endpoint, names.queue),
    )


def receive(endpoint: str, url: str) -> list[Any]:
    sqs, bodies = engines.client("sqs", endpoint), []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            bodies.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


@pytest.mark.parametrize("key", ["a/b.csv", "söme file+1&2=3?#.bin", "inventory/01/x-~.z"])
def test_a_file_comes_back(services: Services, key: str) -> None:
    body = bytes(range(256)) * 100
    services.blobs.put(key, body, "text/csv")
    assert services.blobs.get(key) == body
    services.blobs.put(key, b"")
    assert services.blobs.get(key) == b""


def test_no_such_file(services: Services) -> None:
    with pytest.raises(NotFound):
        services.blobs.get("nothing/here")


@pytest.mark.parametrize("seconds", [0, -1, 301])
def test_links_are_short_lived(services: Services, seconds: int) -> None:
    with pytest.raises(BadRequest):
        services.blobs.link("a", seconds, "a.csv")


def test_a_link_opens_its_file_and_nothing_else(ministack: str, names: Names) -> None:
    session = Session(engines.REGION, engines.ROOT, endpoint=ministack)
    blobs = S3Blobs(session, names.files)
    blobs.put("reports/ü 1.csv", b"one")
    blobs.put("reports/2.csv", b"two")
    link = blobs.link("reports/ü 1.csv", 300, 'geräte "1".csv')
    status, headers, body = engines.fetch(link)
    assert (status, body) == (200, b"one")
    disposition = {name.lower(): value for name, value in headers.items()}["content-disposition"]
    assert disposition == "attachment; filename*=UTF-8''ger%C3%A4te%20%221%22.csv"
    path = link.partition("?")[0]
    assert engines.fetch(link.replace(path, f"{ministack}/files/reports/2.csv"))[0] == 403
    assert engines.fetch(link, "PUT")[0] == 403
    assert engines.fetch(link.replace("X-Amz-Expires=300", "X-Amz-Expires=3000"))[0] == 403
    assert engines.fetch(link[:-1] + ("0" if link[-1] != "0" else "1"))[0] == 403
    assert engines.fetch(path)[0] == 403
    late = S3Blobs(session, names.files, now=lambda: time.time() - 120).link("reports/2.csv", 60, "x")
    assert engines.fetch(late)[0] == 403


def test_evidence_is_written_once(services: Services) -> None:
    services.evidence.put("audit/00/1.jsonl", b"first", "application/jsonl")
    services.evidence.put("audit/00/1.jsonl", b"first", "application/jsonl")
    with pytest.raises(AlreadyExists):
        services.evidence.put("audit/00/1.jsonl", b"second", "application/jsonl")


def test_evidence_is_locked_and_survives_a_lost_answer(ministack: str, names: Names) -> None:
    faults = Lossy()
    faults.arm("PUT")
    session = Session(engines.REGION, engines.ROOT, endpoint=ministack, transport=faults)
    S3Evidence(session, names.evidence).put("locked", b"body", "text/plain")
    head = engines.client("s3", ministack).head_object(Bucket=names.evidence, Key="locked")
    assert head["ObjectLockMode"] == "COMPLIANCE"
    assert head["ContentType"] == "text/plain"


def test_messages_arrive_in_batches_of_ten(services: Services) -> None:
    services.received()
    services.meter.reset()
    services.queue.send(*(Message({"device": str(number)}) for number in range(23)))
    assert services.meter.total("sqs").calls == 3
    assert sorted(int(body["device"]) for body in services.received()) == list(range(23))
    services.queue.send()
    assert services.meter.total("sqs").calls == 3


class _Partial:
    """The real queue, which says of some messages that it did not take them (it took them: duplicates are harmless)."""

    def __init__(self, refusals: list[list[str]]) -> None:
        self._pool, self.refusals, self.asked = Pool(), refusals, list[list[str]]()

    def send(self, origin: str, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        ids = [entry["Id"] for entry in json.loads(body)["Entries"]]
        self.asked.append(ids)
        answer = self._pool.send(origin, method, target, headers, body)
        refused = self.refusals.pop(0) if self.refusals else []
        result = json.loads(answer.body)
        result["Successful"] = [done for done in result["Successful"] if done["Id"] not in refused]
        result["Failed"] = [{"Id": id_, "Code": "InternalError", "SenderFault": False} for id_ in refused]
        return Answer(answer.status, answer.headers, json.dumps(result).encode())


def test_refused_messages_are_sent_again(ministack: str, names: Names) -> None:
    partial = _Partial([["1", "2"], ["2"]])
    session = Session(engines.REGION, engines.ROOT, endpoint=ministack, transport=partial)
    SqsQueue(session, names.queue).send(*(Message({"n": number}) for number in range(3)))
    assert partial.asked == [["0", "1", "2"], ["1", "2"], ["2"]]
    receive(ministack, names.queue)


def test_a_queue_that_keeps_refusing(ministack: str, names: Names) -> None:
    session = Session(engines.REGION, engines.ROOT, endpoint=ministack, transport=_Partial([["0"]] * 9))
    with pytest.raises(Unavailable):
        SqsQueue(session, names.queue).send(Message({}))
    receive(ministack, names.queue)


def test_batches_stay_under_the_size_limit(ministack: str, names: Names) -> None:
    receive(ministack, names.queue)
    session = Session(engines.REGION, engines.ROOT, endpoint=ministack)
    queue = SqsQueue(session, names.queue)
    queue.send(*(Message({"text": "x" * 100_000}) for _ in range(5)))
    assert session.meter.total("sqs").calls == 3, "two to a batch of 256 KB"
    assert len(receive(ministack, names.queue)) == 5
    with pytest.raises(TooLarge):
        queue.send(Message({"text": "x" * 300_000}))


def test_delay(ministack: str, names: Names) -> None:
    receive(ministack, names.queue)
    SqsQueue(Session(engines.REGION, engines.ROOT, endpoint=ministack), names.queue).send(Message({"n": 1}, delay=900))
    assert receive(ministack, names.queue) == []


def test_no_such_queue(ministack: str) -> None:
    session = Session(engines.REGION, engines.ROOT, endpoint=ministack)
    with pytest.raises(MusterError, match="AWS refused"):
        SqsQueue(session, f"{ministack}/000000000000/nothing").send(Message({}))


def test_a_secret_comes_back(services: Services) -> None:
    for plain in (b"", b"1234", bytes(range(256)) * 40):
        services.meter.reset()
        sealed = services.vault.seal(Secret(plain), CONTEXT)
        assert plain not in sealed or not plain
        assert services.vault.open(sealed, dict(reversed(CONTEXT.items()))).reveal() == plain
        assert services.meter.total("kms").calls == 2


def test_the_same_secret_is_sealed_differently_each_time(services: Services) -> None:
    assert len({services.vault.seal(Secret(b"1234"), CONTEXT)[-20:] for _ in range(3)}) == 3


@pytest.mark.parametrize(
    "context",
    [
        {},
        {**CONTEXT, "owner": "D2"},
        {**CONTEXT, "number": "2"},
        {**CONTEXT, "more": ""},
        {"owner": "D1", "kind": "unlock_token"},
    ],
)
def test_a_swapped_secret_does_not_open(services: Services, context: dict[str, str]) -> None:
    sealed = services.vault.seal(Secret(b"1234"), CONTEXT)
    with pytest.raises(Corrupt):
        services.vault.open(sealed, context)


def test_an_altered_secret_does_not_open(services: Services) -> None:
    sealed = services.vault.seal(Secret(b"1234"), CONTEXT)
    for place in {0, 1, 2, 3, 20, len(sealed) // 2, len(sealed) - 30, len(sealed) - 1}:
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(Corrupt):
            services.vault.open(bytes(altered), CONTEXT)
    for length in (0, 1, 3, 10, len(sealed) - 1):
        with pytest.raises(Corrupt):
            services.vault.open(sealed[:length], CONTEXT)


@pytest.mark.parametrize("data", [b"", b"short", b"long" * 5000])
def test_rsa_signature(services: Services, data: bytes) -> None:
    public = load_der_public_key(services.rsa.public_key_der)
    assert isinstance(public, rsa.RSAPublicKey)
    signature = services.rsa.sign(data)
    public.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        public.verify(signature, data + b".", padding.PKCS1v15(), hashes.SHA256())


def test_ec_signature(services: Services) -> None:
    public = load_der_public_key(services.ec.public_key_der)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(services.ec.sign(b"heads"), b"heads", ec.ECDSA(hashes.SHA256()))


def test_the_public_key_is_fetched_once(ministack: str, names: Names) -> None:
    session = Session(engines.REGION, engines.ROOT, endpoint=ministack)
    signer = KmsSigner(session, names.rsa, keys.RSA)
    digests = {hashlib.sha256(signer.public_key_der).hexdigest() for _ in range(3)}
    assert len(digests) == 1
    assert session.meter.total("kms").calls == 1
