"""Pushes to a push service that speaks HTTP/2 over TLS on loopback and answers as it is told."""

import contextlib
import socket
import ssl
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.core.house import House
from chalicelib.core.ports import Create, PushRefused
from chalicelib.model.enrollment import Enrollment, EnrollmentStatus
from chalicelib.model.people import Principal, Role
from chalicelib.model.records import Setting
from chalicelib.platforms.apple import apns, apns_connection, apns_identity, push_certificate
from chalicelib.storage.memory.house import SETTINGS, memory_house
from tests.devices.apns import Answer, Drop, FakeAPNs, GoAway

TOPIC = "com.apple.mgmt.External.0c8d7c5e"
ADMIN = Principal("admin", Role.ADMIN, person=True)


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[FakeAPNs, str]]:
    with FakeAPNs() as service:
        yield service, "".join(service.issue_push_certificate(TOPIC))


@pytest.fixture
def service(running: tuple[FakeAPNs, str]) -> FakeAPNs:
    service, _ = running
    service.pushes.clear()
    service.registry.scripts.clear()
    return service


@pytest.fixture
def house(running: tuple[FakeAPNs, str], service: FakeAPNs) -> House:
    made = memory_house(settings=replace(SETTINGS, push_url=service.url, push_trust=service.ca_pem))
    push_certificate.upload(made, ADMIN, running[1])
    return made


def enrollment(number: int = 1, **push: str) -> Enrollment:
    address = {"topic": TOPIC, "token": f"{number:064x}", "magic": f"magic-{number}", **push}
    return Enrollment(f"e{number}", EnrollmentStatus.ENABLED, "apple", ("f",), "i", 0, push=address)


def test_a_push_is_what_apple_asks_for(house: House, service: FakeAPNs) -> None:
    before = int(time.time())
    assert apns.push(house, [enrollment()]) == {"e1": None}
    (push,) = service.wait_for(1)
    assert (push.token, push.magic, push.topic) == (f"{1:064x}", "magic-1", TOPIC)
    assert (push.push_type, push.priority, push.status) == ("mdm", "10", 200)
    assert before + 7 * 86_400 <= int(push.expiration) <= time.time() + 7 * 86_400


def test_a_batch_shares_one_connection_and_each_gets_its_own_answer(
    house: House, service: FakeAPNs, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    connect = socket.create_connection
    monkeypatch.setattr(socket, "create_connection", lambda *a: opened.append(a) or connect(*a))
    service.script(Answer(410, "Unregistered", 1_700_000_000_000), token=enrollment(7).push["token"])
    service.script(Answer(429, "TooManyRequests"), token=enrollment(9).push["token"])
    outcome = apns.push(house, [enrollment(number) for number in range(1, 301)])
    assert len(outcome) == 300
    assert {name for name, refusal in outcome.items() if refusal} == {"e7", "e9"}
    assert outcome["e7"] is not None
    assert outcome["e7"].gone
    assert {push.token for push in service.pushes} == {f"{number:064x}" for number in range(1, 301)}
    assert len(opened) == 1


GONE, ALARM, RETRY = (True, False), (False, True), (False, False)


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (Answer(410, "Unregistered", 1_700_000_000_000), GONE),
        (Answer(410, "ExpiredToken"), GONE),
        (Answer(400, "BadDeviceToken"), GONE),
        (Answer(400, "DeviceTokenNotForTopic"), GONE),
        (Answer(400, "BadTopic"), ALARM),
        (Answer(400, "TopicDisallowed"), ALARM),
        (Answer(400, "BadExpirationDate"), ALARM),
        (Answer(403, "BadCertificate"), ALARM),
        (Answer(403, "BadCertificateEnvironment"), ALARM),
        (Answer(403, "Forbidden"), ALARM),
        (Answer(403), ALARM),
        (Answer(404, "BadPath"), ALARM),
        (Answer(413, "PayloadTooLarge"), ALARM),
        (Answer(429, "TooManyRequests"), RETRY),
        (Answer(500, "InternalServerError"), RETRY),
        (Answer(503, "ServiceUnavailable"), RETRY),
        (Answer(503, "Shutdown"), RETRY),
        (GoAway(), RETRY),
        (Drop(), RETRY),
    ],
)
def test_each_answer_is_acted_on(
    house: House, service: FakeAPNs, answer: Answer | Drop | GoAway, meaning: tuple[bool, bool]
) -> None:
    service.script(answer)
    refusal = apns.push(house, [enrollment()])["e1"]
    assert refusal is not None
    assert (refusal.gone, refusal.alarm) == meaning
    if isinstance(answer, Answer):
        assert str(answer.status) in refusal.reason
        assert answer.reason in refusal.reason
    assert apns.push(house, [enrollment()]) == {"e1": None}


def test_what_was_answered_before_the_connection_broke_counts(house: House, service: FakeAPNs) -> None:
    service.script(GoAway(), token=enrollment(1).push["token"])
    outcome = apns.push(house, [enrollment(1), enrollment(2), enrollment(3)])
    assert outcome["e3"] is None
    assert outcome["e1"] is not None
    assert "Shutdown" in outcome["e1"].reason


def test_an_answer_older_than_the_token_does_not_silence_the_device(house: House, service: FakeAPNs) -> None:
    for at, gone in (("1700000001", False), ("1699999999", True)):
        service.script(Answer(410, "Unregistered", 1_700_000_000_000))
        refusal = apns.push(house, [enrollment(at=at)])["e1"]
        assert refusal is not None
        assert refusal.gone is gone


def test_without_token_or_with_another_topic_nothing_is_sent(house: House, service: FakeAPNs) -> None:
    outcome = apns.push(house, [enrollment(1, token=""), enrollment(2, magic=""), enrollment(3, topic="other")])
    flags = {name: (refusal.gone, refusal.alarm) for name, refusal in outcome.items() if refusal}
    assert flags == {"e1": GONE, "e2": GONE, "e3": ALARM}
    assert service.pushes == []
    assert apns.push(house, []) == {}


def refused(house: House) -> PushRefused:
    refusal = apns.push(house, [enrollment()])["e1"]
    assert refusal is not None
    return refusal


def test_no_push_certificate_and_an_expired_one_raise_the_alarm(house: House, service: FakeAPNs) -> None:
    bare = memory_house(settings=house.settings)
    assert refused(bare).alarm
    assert "push-cert" in refused(bare).reason
    late = replace(house, clock=lambda: int(time.time()) + 50 * 365 * 86_400)
    assert refused(late).alarm
    assert "expired" in refused(late).reason
    assert service.pushes == []


def test_a_lost_key_raises_the_alarm(house: House) -> None:
    bare = memory_house(settings=house.settings)
    setting = house.store.get(Setting, "apple.push")
    bare.store.commit(Create(replace(setting, version=0)))
    apns_identity._kept.clear()
    assert refused(bare).alarm
    assert "key" in refused(bare).reason


def test_a_certificate_that_the_service_refuses_raises_the_alarm(house: House, service: FakeAPNs) -> None:
    server = socket.create_server(("127.0.0.1", 0))
    context = service.authority.server_context(None, None, None)
    context.set_alpn_protocols(["h2"])

    def serve() -> None:
        peer, _ = server.accept()
        with context.wrap_socket(peer, server_side=True, do_handshake_on_connect=False) as secured:
            with contextlib.suppress(ssl.SSLError):
                secured.do_handshake()  # sends the alert
            secured.shutdown(socket.SHUT_WR)
            while socket.socket.recv(secured, 65_536):  # unread data would make the kernel discard the alert
                pass

    thread = threading.Thread(target=serve)
    thread.start()
    url = f"https://127.0.0.1:{server.getsockname()[1]}"
    with server, FakeAPNs() as other:
        stranger = memory_house(settings=replace(house.settings, push_url=url))
        push_certificate.upload(stranger, ADMIN, "".join(other.issue_push_certificate(TOPIC)))
        assert refused(stranger).alarm
    thread.join()


def test_a_service_that_we_do_not_trust_gets_nothing(house: House, service: FakeAPNs) -> None:
    distrustful = replace(house, settings=replace(house.settings, push_trust=""))
    assert refused(distrustful).alarm
    assert "CERTIFICATE" in refused(distrustful).reason
    assert service.pushes == []


def test_an_address_without_tls_is_refused(house: House) -> None:
    plain = replace(house, settings=replace(house.settings, push_url="http://127.0.0.1:9"))
    assert "https" in refused(plain).reason


def test_a_service_that_is_down_is_tried_again(house: House) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        down = replace(house, settings=replace(house.settings, push_url=f"https://127.0.0.1:{unused.getsockname()[1]}"))
        assert (refused(down).gone, refused(down).alarm) == RETRY


@pytest.fixture
def listener() -> Iterator[Callable[[bytes], str]]:
    """A port whose TCP peer says some bytes and falls silent."""
    sockets: list[socket.socket] = []

    def listen(words: bytes) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        sockets.append(server)

        def serve() -> None:
            peer, _ = server.accept()
            sockets.append(peer)
            peer.sendall(words)

        threading.Thread(target=serve, daemon=True).start()
        return f"https://127.0.0.1:{server.getsockname()[1]}"

    yield listen
    for each in sockets:
        each.close()


def test_a_silent_or_babbling_peer_does_not_hold_us_up(
    house: House, listener: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apns_connection, "CONNECT_TIMEOUT", 0.3)
    for words in (b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"):
        strange = replace(house, settings=replace(house.settings, push_url=listener(words)))
        started = time.monotonic()
        assert not refused(strange).gone
        assert time.monotonic() - started < 5


def test_a_service_that_never_answers_is_given_up(
    house: House, service: FakeAPNs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apns_connection, "BATCH_TIMEOUT", 0.5)
    monkeypatch.setattr("tests.devices.apns.Connection._serve", lambda *_: None)
    assert (refused(house).gone, refused(house).alarm) == RETRY


def test_the_key_never_lies_in_a_file_in_the_clear(
    house: House, service: FakeAPNs, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bytes, int, str]] = []
    real = tempfile.NamedTemporaryFile

    def spying(**options: str):  # type: ignore[no-untyped-def]
        file = real(**options)
        flush = file.flush

        def look() -> None:
            flush()
            seen.append((Path(file.name).read_bytes(), stat.S_IMODE(Path(file.name).stat().st_mode), file.name))

        file.flush = look
        return file

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", spying)
    apns_identity._kept.clear()
    assert apns.push(house, [enrollment()]) == {"e1": None}
    ((content, mode, name),) = seen
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in content
    assert b"BEGIN PRIVATE KEY" not in content
    assert mode == 0o600
    assert not Path(name).exists()
    apns.push(house, [enrollment()])
    assert len(seen) == 1  # kept while the process is warm: no file and no KMS call for the next batch


def test_a_renewed_push_certificate_is_in_use_a_minute_later(house: House, service: FakeAPNs) -> None:
    now = int(time.time())
    aging = replace(house, clock=lambda: now)
    assert apns.push(aging, [enrollment()]) == {"e1": None}
    first = apns_identity.identity(aging)
    reads = house.store.meter.total("dynamodb").calls  # type: ignore[attr-defined]
    push_certificate.upload(house, ADMIN, "".join(service.issue_push_certificate(TOPIC)))
    written = house.store.meter.total("dynamodb").calls  # type: ignore[attr-defined]
    now += 59
    assert apns_identity.identity(aging) is first
    assert house.store.meter.total("dynamodb").calls == written > reads  # type: ignore[attr-defined]
    now += 1
    assert apns_identity.identity(aging) is not first
