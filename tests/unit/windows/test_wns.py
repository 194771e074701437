"""Pushes to a push service on loopback, and the addresses that a device may not make us call."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.core import escrow
from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.core.ports import Create, PushRefused
from chalicelib.core.windows_settings import WNS
from chalicelib.model.enrollment import Enrollment, EnrollmentStatus
from chalicelib.model.records import Setting
from chalicelib.model.secret import Secret
from chalicelib.platforms.windows import wns, wns_token
from chalicelib.storage.memory.house import SETTINGS, memory_house
from tests.unit.windows.wns_service import SECRET, SID, FakeWNS


@pytest.fixture(scope="module")
def running() -> Iterator[FakeWNS]:
    with FakeWNS() as service:
        yield service


@pytest.fixture
def service(running: FakeWNS) -> FakeWNS:
    running.pushes.clear()
    running.logins.clear()
    running.script, running.login, running.life, running.connections = (lambda path: None), None, 86_400, 0
    wns_token._tokens.clear()
    return running


def configured(house: House, secret: str = SECRET) -> House:
    house.store.commit(Create(Setting(WNS, {"pfn": "Example.Push_1", "sid": SID})))
    house.store.commit(escrow.sealing(house, escrow.ORGANIZATION, wns_token.KIND, Secret(secret.encode())))
    return house


@pytest.fixture
def house(service: FakeWNS) -> House:
    settings = replace(
        SETTINGS,
        wns_login_url=f"https://{service.host}/accesstoken.srf",
        wns_domain=service.host,
        microsoft_trust=service.ca_pem,
    )
    return configured(memory_house(settings=settings))


def enrollment(name: str = "a", channel: str = "") -> Enrollment:
    push = {"channel": channel} if channel else {}
    return Enrollment(name, EnrollmentStatus.ENABLED, "windows", ("f",), "i", 0, push=push)


def pushed(house: House, service: FakeWNS, *names: str) -> dict[str, PushRefused | None]:
    return wns.push(house, [enrollment(name, service.channel(name)) for name in names])


def refused(house: House, service: FakeWNS) -> PushRefused:
    refusal = pushed(house, service, "a")["a"]
    assert refusal is not None
    return refusal


def test_a_push_is_what_microsoft_asks_for(house: House, service: FakeWNS) -> None:
    assert pushed(house, service, "a") == {"a": None}
    (login,) = service.logins
    assert login == {
        "grant_type": ["client_credentials"],
        "client_id": [SID],
        "client_secret": [SECRET],
        "scope": ["notify.windows.com"],
    }
    ((path, headers, body),) = service.pushes
    assert path == "/?token=a"
    assert headers["X-WNS-Type"] == "wns/raw"
    assert headers["X-WNS-Cache-Policy"] == "cache"
    assert headers["Content-Type"] == "application/octet-stream"
    assert len(body) == int(headers["Content-Length"]) > 0


def test_a_device_without_channel_polls(house: House, service: FakeWNS) -> None:
    assert wns.push(house, [enrollment("a"), enrollment("b")]) == {"a": None, "b": None}
    assert wns.push(memory_house(), [enrollment("a")]) == {"a": None}
    assert (service.logins, service.pushes) == ([], [])


def test_a_batch_shares_one_connection_and_one_token(house: House, service: FakeWNS) -> None:
    names = [f"d{number}" for number in range(50)]
    service.script = lambda path: (410, {}) if path.endswith("d7") else None
    outcome = pushed(house, service, *names)
    assert {name for name, refusal in outcome.items() if refusal} == {"d7"}
    assert (len(service.logins), service.connections) == (1, 2)
    pushed(house, service, "again")
    assert len(service.logins) == 1


GONE, ALARM, RETRY = (True, False), (False, True), (False, False)


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (410, GONE), (404, GONE), (400, ALARM), (403, ALARM), (405, ALARM), (413, ALARM), (302, ALARM),
        (406, RETRY), (408, RETRY), (429, RETRY), (500, RETRY), (503, RETRY), (0, RETRY),
    ],
)  # fmt: skip
def test_each_answer_is_acted_on(house: House, service: FakeWNS, status: int, meaning: tuple[bool, bool]) -> None:
    service.script = lambda path: (status, {"Location": f"https://{service.host}/elsewhere"})
    refusal = refused(house, service)
    assert (refusal.gone, refusal.alarm) == meaning
    assert status == 0 or str(status) in refusal.reason
    assert len(service.pushes) == 1  # no redirect is followed
    service.script = lambda path: None
    assert pushed(house, service, "a") == {"a": None}


def test_a_throttled_channel_is_tried_again(house: House, service: FakeWNS) -> None:
    service.script = lambda path: (200, {"X-WNS-Status": "ChannelThrottled"})
    refusal = refused(house, service)
    assert (refusal.gone, refusal.alarm) == RETRY
    assert "throttled" in refusal.reason


@pytest.mark.parametrize("said", ["received", "dropped", "", "<b>"])
def test_what_wns_does_with_it_then_changes_nothing(house: House, service: FakeWNS, said: str) -> None:
    service.script = lambda path: (200, {"X-WNS-Status": said})
    assert pushed(house, service, "a") == {"a": None}


def test_a_refused_token_is_fetched_anew_once(house: House, service: FakeWNS) -> None:
    pushed(house, service, "a")
    service.valid += 1  # Microsoft forgot ours
    assert pushed(house, service, "a", "b") == {"a": None, "b": None}
    assert len(service.logins) == 2


def test_a_service_that_always_refuses_is_asked_for_one_new_token(house: House, service: FakeWNS) -> None:
    service.script = lambda path: (401, {})
    outcome = pushed(house, service, "a", "b", "c")
    assert all(refusal is not None and refusal.alarm for refusal in outcome.values())
    assert len(service.logins) == 2
    assert len(service.pushes) == 4


def test_a_token_is_kept_until_shortly_before_its_end(house: House, service: FakeWNS) -> None:
    service.life = 3_600
    now = int(time.time())
    clock = lambda: now  # noqa: E731
    pushed(replace(house, clock=clock), service, "a")
    now += 3_600 - wns_token.EARLY - 1
    pushed(replace(house, clock=clock), service, "a")
    assert len(service.logins) == 1
    now += 1
    pushed(replace(house, clock=clock), service, "a")
    assert len(service.logins) == 2


def test_without_credentials_everybody_is_told(service: FakeWNS, house: House) -> None:
    bare = memory_house(settings=house.settings)
    assert refused(bare, service).alarm
    bare.store.commit(Create(Setting(WNS, {"pfn": "p", "sid": SID})))
    assert refused(bare, service).alarm
    assert "secret" in refused(bare, service).reason
    assert service.logins == []


def test_a_wrong_secret_raises_the_alarm_and_is_not_repeated(service: FakeWNS, house: House) -> None:
    wrong = configured(memory_house(settings=house.settings), "wr0ng-secret")
    refusal = refused(wrong, service)
    assert refusal.alarm
    assert "invalid_client" in refusal.reason
    assert "wr0ng" not in refusal.reason


@pytest.mark.parametrize(
    ("status", "body", "alarm"),
    [
        (503, b"", False),
        (429, b"", False),
        (200, b"", True),
        (200, b"[]", True),
        (200, b"{}", True),
        (200, b'{"access_token": 7}', True),
        (200, b'{"access_token": ""}', True),
        (200, json.dumps({"access_token": "a\r\nX-Evil: 1"}).encode(), True),
        (200, json.dumps({"access_token": "a" * 9_000}).encode(), True),
        (200, json.dumps({"access_token": "a", "expires_in": "soon"}).encode(), True),
        (302, b"", True),
    ],
)
def test_a_login_that_fails(house: House, service: FakeWNS, status: int, body: bytes, alarm: bool) -> None:
    service.login = lambda: (status, body)
    assert refused(house, service).alarm is alarm
    assert service.pushes == []


def test_a_token_without_end_is_not_kept_for_ever(house: House, service: FakeWNS) -> None:
    service.life = 10**12
    pushed(house, service, "a")
    (kept,) = wns_token._tokens.values()
    assert kept.until <= time.time() + wns_token.LONGEST_LIFE


def test_secrets_do_not_show(house: House, service: FakeWNS) -> None:
    pushed(house, service, "a")
    assert "token-" not in repr(wns_token._tokens)
    assert SECRET not in repr(wns_token._tokens)


def test_a_service_that_we_do_not_trust_gets_nothing(house: House, service: FakeWNS) -> None:
    distrustful = replace(house, settings=replace(house.settings, microsoft_trust=""))
    assert refused(distrustful, service).alarm
    assert (service.logins, service.pushes) == ([], [])


def test_an_address_without_tls_is_refused(house: House, service: FakeWNS) -> None:
    plain = replace(house, settings=replace(house.settings, wns_login_url="http://127.0.0.1:9/"))
    assert "https" in refused(plain, service).reason


def test_a_service_that_is_down_or_silent_does_not_hold_us_up(
    house: House, service: FakeWNS, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wns, "TIMEOUT", 0.3)
    wns_token.token(house)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"localhost:{listener.getsockname()[1]}"
        silent = replace(house, settings=replace(house.settings, wns_domain=host))
        threading.Thread(target=listener.accept, daemon=True).start()
        started = time.monotonic()
        outcome = wns.push(silent, [enrollment("a", f"https://{host}/?token=1")])
        assert time.monotonic() - started < 3
    gone = wns.push(silent, [enrollment("a", f"https://{host}/?token=1")])
    for refusal in (outcome["a"], gone["a"]):
        assert refusal is not None
        assert (refusal.gone, refusal.alarm) == RETRY


def test_a_slow_batch_is_given_up(house: House, service: FakeWNS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wns, "BATCH_TIMEOUT", -1.0)
    assert "slow" in refused(house, service).reason
    assert service.pushes == []


RIGHT = "https://db5p.notify.windows.com/?token=AwYAAAB%2f"


@pytest.mark.parametrize(
    "channel",
    [
        RIGHT,
        "https://DB5P.Notify.Windows.com/?token=1",
        "https://wns2-by3p.notify.windows.com/w/?token=1&x=%20",
    ],
)
def test_a_channel_of_microsoft(channel: str) -> None:
    assert wns.channel_of(channel) == channel


@pytest.mark.parametrize(
    "channel",
    [
        "",
        "http://db5p.notify.windows.com/?token=1",
        "ftp://db5p.notify.windows.com/",
        "//db5p.notify.windows.com/",
        "https:db5p.notify.windows.com/",
        "https:///db5p.notify.windows.com/",
        "https://notify.windows.com/?token=1",
        "https://evilnotify.windows.com/?token=1",
        "https://windows.com/",
        "https://a.notify.windows.com.evil.example/",
        "https://a.notify.windows.com./",
        "https://.notify.windows.com/",
        "https://a..notify.windows.com/",
        "https://a.notify.windows.com:443/",
        "https://a.notify.windows.com:8443/",
        "https://a.notify.windows.com:/",
        "https://user@a.notify.windows.com/",
        "https://a.notify.windows.com@evil.example/",
        "https://a.notify.windows.com%2eevil.example/",
        "https://evil.example/?.notify.windows.com",
        "https://evil.example#.notify.windows.com",
        "https://evil.example\\.notify.windows.com/",
        "https://evil.example/\\@a.notify.windows.com/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/.notify.windows.com",
        "https://2130706433/",
        "https://localhost/",
        "https://xn--a-0fa.notify.windows.com/",
        "https://\u0430.notify.windows.com/",
        "https://a.notify.windows\u3002com/",
        "https://a.notify.windows.com/ HTTP/1.1",
        "https://a.notify.windows.com/\r\nX-Evil: 1",
        "https://a.notify.win\tdows.com/",
        "https://a_b.notify.windows.com/",
        "https://-a.notify.windows.com/",
        "https://[a.notify.windows.com/",
        RIGHT + "a" * 3_000,
    ],
)
def test_no_other_address_is_a_channel(channel: str) -> None:
    with pytest.raises(Unprocessable):
        wns.channel_of(channel)


def test_a_stored_channel_is_looked_at_again(house: House, service: FakeWNS) -> None:
    outcome = wns.push(house, [enrollment("a", "https://127.0.0.1:1/"), enrollment("b", service.channel("b"))])
    assert outcome["a"] is not None
    assert outcome["a"].gone
    assert outcome["b"] is None
    assert len(service.pushes) == 1
