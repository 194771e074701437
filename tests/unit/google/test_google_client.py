"""Calls to a Google on loopback that is busy, slow, wrong, or refuses; nothing is ever waited for."""

import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.core import google_setup
from chalicelib.core.errors import BadRequest, Unavailable
from chalicelib.core.house import House
from chalicelib.platforms import outgoing
from chalicelib.platforms.google import answers, client, pace, token
from chalicelib.platforms.google.client import ANDROID, DIRECTORY, GoogleAbsent, GoogleBusy, GoogleRefused, NotConnected
from tests.unit.google import stand_in
from tests.unit.google.stand_in import ADMIN, DIRECTOR, PROJECT, Clock, Reply, StandIn, key_file

PATH = "/v1/enterprises/a/devices/b"


def get(house: House) -> Any:
    return client.call(house, ANDROID, "GET", PATH)


def post(house: House, **body: Any) -> Any:
    return client.call(house, ANDROID, "POST", PATH, body=body)


def says(google: StandIn, *replies: Reply) -> None:
    """These, one after the other, and then {}."""
    waiting = list(replies)
    google.script = lambda seen: waiting.pop(0) if waiting else None


def error(code: int, status: str = "", message: str = "words", **more: Any) -> Reply:
    return Reply(code, {"error": {"code": code, "message": message, **({"status": status} if status else {}), **more}})


def test_a_call_and_its_answer(house: House, google: StandIn) -> None:
    says(google, Reply(body={"name": "n", "appliedPolicyVersion": "7"}))
    assert get(house) == {"name": "n", "appliedPolicyVersion": "7"}
    (claims,) = google.assertions
    assert (claims["iss"], claims["exp"] - claims["iat"]) == (stand_in.ACCOUNT, 3600)
    assert "sub" not in claims


def test_one_line_and_one_token_serve_many_calls(house: House, google: StandIn) -> None:
    for _ in range(20):
        get(house)
        post(house, type="LOCK")
    client.call(house, DIRECTORY, "GET", "/admin/directory/v1/x")
    client.call(house, DIRECTORY, "GET", "/admin/directory/v1/x")
    assert (google.connections, len(google.assertions), len(google.calls)) == (1, 2, 42)
    assert google.assertions[1]["sub"] == DIRECTOR


@pytest.mark.parametrize("reply", [Reply(200, b""), Reply(204, b""), Reply(200, b" \n")])
def test_an_empty_answer_is_an_answer(house: House, google: StandIn, reply: Reply) -> None:
    says(google, reply)
    assert post(house) == {}


BUSY = [
    (error(429, "RESOURCE_EXHAUSTED"), 0),
    (replace(error(429), headers={"Retry-After": "17"}), 17),
    (replace(error(503), headers={"Retry-After": "5"}), 5),
    (replace(error(503), headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), 0),
    (replace(error(503), headers={"Retry-After": "-1"}), 0),
    (replace(error(503), headers={"Retry-After": "9" * 400}), 0),
    (replace(error(503), headers={"Retry-After": "999999999"}), answers.LONGEST_WAIT),
    (Reply(500, b"<html>"), 0),
    (Reply(502, b"\xff"), 0),
    (error(504), 0),
    (error(408), 0),
    (error(403, errors=[{"reason": "rateLimitExceeded", "domain": "usageLimits"}]), 0),
    (error(403, errors=[{"reason": "userRateLimitExceeded"}]), 0),
    (error(403, errors=[{"reason": "quotaExceeded"}]), 0),
    (error(403, "PERMISSION_DENIED", details=[{"@type": "x", "reason": "RATE_LIMIT_EXCEEDED"}]), 0),
    (Reply(200, b"[]"), 0),
    (Reply(200, b"nonsense"), 0),
    (Reply(200, b"[" * 100_000), 0),
    (Reply(hang_up=True), 0),
    (Reply(200, b"{}", length=3), 0),
]


@pytest.mark.parametrize(("reply", "after"), BUSY)
def test_what_is_asked_again_later(house: House, google: StandIn, reply: Reply, after: int) -> None:
    says(google, reply)
    started = time.monotonic()
    with pytest.raises(GoogleBusy) as caught:
        post(house)
    assert (caught.value.after, caught.value.status, len(google.calls)) == (after, 503, 1)
    assert time.monotonic() - started < 3
    assert post(house) == {}


REFUSED = [
    (error(400, "INVALID_ARGUMENT"), "INVALID_ARGUMENT"),
    (error(403, "PERMISSION_DENIED"), "PERMISSION_DENIED"),
    (error(403, errors=[{"reason": "forbidden"}]), "forbidden"),
    (error(409, "ABORTED"), "ABORTED"),
    (error(412), ""),
    (error(400, "<script>"), ""),
    (error(400, "A" * 65), ""),
    (Reply(400, b"rubbish"), ""),
    (Reply(400, {"error": "text"}), ""),
    (Reply(400, {"error": {"status": 5, "errors": "x", "details": [1, {"reason": {}}]}}), ""),
    (Reply(302, headers={"Location": "https://localhost:1/elsewhere"}), ""),
    (Reply(301, headers={"Location": "/v1/elsewhere"}), ""),
]


@pytest.mark.parametrize(("reply", "reason"), REFUSED)
def test_what_is_refused_for_good(house: House, google: StandIn, reply: Reply, reason: str) -> None:
    says(google, reply)
    with pytest.raises(GoogleRefused) as caught:
        get(house)
    told = caught.value
    assert (told.code, told.reason, told.status, len(google.calls)) == (reply.status, reason, 502, 1)
    assert not isinstance(told, GoogleAbsent)
    assert str(reply.status) in told.public


def test_what_is_absent(house: House, google: StandIn) -> None:
    says(google, error(404, "NOT_FOUND", "no\r\nsuch \x00thing" + "x" * 500))
    with pytest.raises(GoogleAbsent) as caught:
        get(house)
    assert caught.value.reason == "NOT_FOUND"
    assert caught.value.text.startswith("no  such  thing")
    assert len(caught.value.text) == answers.LONGEST_TEXT


def test_a_refused_token_is_fetched_anew_once(house: House, google: StandIn) -> None:
    get(house)
    google.tokens.clear()  # Google forgot ours
    assert get(house) == {}
    assert (len(google.assertions), len(google.calls)) == (2, 3)


def test_a_google_that_always_refuses_is_asked_twice(house: House, google: StandIn) -> None:
    says(google, *[error(401, "UNAUTHENTICATED")] * 9)
    with pytest.raises(GoogleRefused) as caught:
        get(house)
    assert (caught.value.code, len(google.assertions), len(google.calls)) == (401, 2, 2)


def test_a_token_is_kept_until_shortly_before_its_end(house: House, google: StandIn, clock: Clock) -> None:
    clock.stop()
    get(house)
    clock.ahead = 3599 - token.EARLY - 1
    get(house)
    assert len(google.assertions) == 1
    clock.ahead += 1
    get(house)
    assert len(google.assertions) == 2


def test_a_token_without_end_is_not_kept_for_ever(house: House, google: StandIn, clock: Clock) -> None:
    clock.stop()
    google.life = 10**12
    get(house)
    clock.ahead = token.LONGEST_LIFE - token.EARLY
    get(house)
    assert len(google.assertions) == 2


def test_a_changed_setting_is_in_use_within_a_minute(house: House, google: StandIn, clock: Clock) -> None:
    clock.stop()
    client.call(house, DIRECTORY, "GET", PATH)
    stand_in.connect(house, 1, admin="other@example.com")
    client.call(house, DIRECTORY, "GET", PATH)
    clock.ahead = 60
    client.call(house, DIRECTORY, "GET", PATH)
    assert [claims["sub"] for claims in google.assertions] == [DIRECTOR, "other@example.com"]
    google_setup.disconnect(house, ADMIN)
    clock.ahead = 120
    with pytest.raises(NotConnected):
        client.call(house, DIRECTORY, "GET", PATH)


def test_a_new_key_of_the_same_account_makes_new_tokens(house: House, google: StandIn, clock: Clock) -> None:
    clock.stop()
    get(house)
    stand_in.connect(house, 1)
    clock.ahead = 60
    get(house)
    assert len(google.assertions) == 2


def test_without_connection_nothing_is_asked(google: StandIn) -> None:
    with pytest.raises(NotConnected) as caught:
        get(google.house())
    assert (caught.value.status, google.seen) == (409, [])


def test_without_administrator_there_is_no_chromeos(google: StandIn) -> None:
    house = stand_in.connect(google.house(), admin="")
    with pytest.raises(NotConnected, match="administrator"):
        client.call(house, DIRECTORY, "GET", PATH)
    assert google.seen == []
    assert get(house) == {}


LOGINS = [
    (Reply(503), GoogleBusy),
    (Reply(429, headers={"Retry-After": "3"}), GoogleBusy),
    (Reply(200, b""), GoogleBusy),
    (Reply(200, b"[]"), GoogleBusy),
    (Reply(200, {"access_token": 7, "expires_in": 9}), GoogleBusy),
    (Reply(200, {"access_token": "", "expires_in": 9}), GoogleBusy),
    (Reply(200, {"access_token": "a"}), GoogleBusy),
    (Reply(200, {"access_token": "a\r\nX-Evil: 1", "expires_in": 9}), GoogleBusy),
    (Reply(200, {"access_token": "a" * 9_000, "expires_in": 9}), GoogleBusy),
    (Reply(hang_up=True), GoogleBusy),
    (Reply(302, headers={"Location": "/x"}), GoogleRefused),
    (Reply(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}), GoogleRefused),
    (Reply(401, {"error": "unauthorized_client"}), GoogleRefused),
    (Reply(400, {"error": {"x": 1}}), GoogleRefused),
]


@pytest.mark.parametrize(("reply", "expected"), LOGINS)
def test_a_sign_in_that_fails(house: House, google: StandIn, reply: Reply, expected: type[Exception]) -> None:
    google.login = lambda seen: reply
    with pytest.raises(expected):
        get(house)
    assert google.calls == []
    google.login = lambda seen: None
    assert get(house) == {}


def test_a_wrong_key_is_told_with_what_to_do(google: StandIn) -> None:
    forged = key_file(0, private_key=stand_in.pem(stand_in.key(5)))
    house = google.house()
    google_setup.connect(
        house, ADMIN, stand_in.Secret(json.dumps(forged).encode()), topic=stand_in.TOPIC, push_email=stand_in.PUSHER
    )
    with pytest.raises(GoogleRefused, match="invalid_grant") as caught:
        get(house)
    assert "key" in str(caught.value)
    assert "eyJ" not in str(caught.value) + caught.value.text  # the stand-in repeats our assertion


def test_nothing_secret_shows(house: House, google: StandIn, capfd: pytest.CaptureFixture[str]) -> None:
    says(google, error(400, "INVALID_ARGUMENT", "bad password s3cret-word"))
    with pytest.raises(GoogleRefused) as caught:
        post(house, newPassword="s3cret-word")
    held = client._client(house)
    seen = str(caught.value) + repr(caught.value) + caught.value.public + repr(held._tokens._kept)
    seen += "".join(capfd.readouterr())
    assert "s3cret-word" not in seen
    assert "token-1" not in seen
    assert "PRIVATE KEY" not in repr(held._tokens._kept)


def test_the_share_of_the_quota(house: House, google: StandIn, clock: Clock) -> None:
    clock.stop()
    get(house)
    clock.ahead = 40
    for _ in range(pace.SHARE - 1):
        get(house)
    with pytest.raises(GoogleBusy) as caught:
        get(house)
    assert (caught.value.after, len(google.calls)) == (60, pace.SHARE)
    client.call(house, DIRECTORY, "GET", PATH)  # counts for itself
    clock.ahead = 99
    with pytest.raises(GoogleBusy):
        get(house)
    clock.ahead = 100
    get(house)
    with pytest.raises(GoogleBusy) as caught:
        get(house)
    assert caught.value.after == 40


def test_ten_processes_together_stay_within_the_quota() -> None:
    clock = Clock()
    clock.stopped = 1_000_000
    processes = [pace.Pace(clock) for _ in range(10)]
    taken: list[int] = []
    waits: set[int] = set()
    for second in range(400):
        clock.ahead = second
        for process in processes:
            for _ in range(7):
                try:
                    process.take(PROJECT, "h")
                    taken.append(second)
                except GoogleBusy as busy:
                    waits.add(busy.after)
    most = max(sum(start <= at < start + 100 for at in taken) for start in range(300))
    assert most == 1_000
    assert 0 < min(waits) <= max(waits) <= 100


def test_pages(house: House, google: StandIn) -> None:
    google.script = lambda seen: Reply(
        body={"devices": [{"name": "c"}]}
        if "pageToken=n%2B1" in seen.query
        else {"devices": [{"name": "a"}, {"name": "b"}], "nextPageToken": "n+1"}
    )
    first, following = client.page(house, ANDROID, "/v1/enterprises/a/devices", {"pageSize": 2}, "devices")
    last, end = client.page(house, ANDROID, "/v1/enterprises/a/devices", {"pageSize": 2}, "devices", following)
    assert ([each["name"] for each in first + last], end) == (["a", "b", "c"], "")
    assert client.page(house, ANDROID, "/v1/enterprises/a/devices", {}, "policies") == ([], "n+1")


@pytest.mark.parametrize("body", [{"devices": {}}, {"devices": ["a"]}, {"devices": [], "nextPageToken": 5}])
def test_what_is_no_page(house: House, google: StandIn, body: dict[str, Any]) -> None:
    says(google, Reply(body=body))
    with pytest.raises(GoogleBusy):
        client.page(house, ANDROID, "/v1/enterprises/a/devices", {}, "devices")


@pytest.mark.parametrize("name", ["", "..", "a/../b", "a//b", "/a", "a/", "a/./b"])
def test_names_that_would_lead_elsewhere(name: str) -> None:
    with pytest.raises(BadRequest):
        client.quoted(name)


@pytest.mark.parametrize(
    "path", ["", "v1/x", "/v1/x y", "/v1/x?y", "/v1/x#y", "/v1//x", "/v1/x\r\nA: b", "/v1/ü", "/v1/"]
)
def test_paths_have_to_be_quoted(house: House, google: StandIn, path: str) -> None:
    with pytest.raises(BadRequest):
        client.call(house, ANDROID, "GET", path)
    assert google.seen == []


def test_an_answer_that_is_too_large(house: House, google: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "LARGEST", 1000)
    says(google, Reply(body=b'{"a":"' + b"x" * 992 + b'"}'), Reply(body=b'{"a":"' + b"x" * 993 + b'"}'))
    assert len(get(house)["a"]) == 992
    with pytest.raises(GoogleRefused, match="TOO_LARGE"):
        get(house)
    assert get(house) == {}


def test_a_slow_google_does_not_hold_us_up(house: House, google: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT", 0.5)
    for slow in (Reply(body=b"{" + b" " * 60 + b"}", pause=0.1), Reply(body=b"{}", pause=2)):
        says(google, slow)
        started = time.monotonic()
        with pytest.raises(GoogleBusy):
            get(house)
        assert time.monotonic() - started < 1.5


def test_a_google_that_is_down_or_silent(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://localhost:{listener.getsockname()[1]}"
        silent = replace(house, settings=replace(house.settings, google_url=url))
        with pytest.raises(GoogleBusy):
            get(silent)
    with pytest.raises(GoogleBusy):
        get(silent)


def test_a_google_that_we_do_not_trust_gets_nothing(house: House, google: StandIn) -> None:
    for more in ({"google_trust": ""}, {"google_url": google.url.replace("localhost", "127.1")}):
        stranger = replace(house, settings=replace(house.settings, **more))
        with pytest.raises(GoogleBusy, match="CERTIFICATE_VERIFY_FAILED"):
            get(stranger)
    assert google.seen == []


def test_an_address_without_tls_is_refused(house: House, google: StandIn) -> None:
    plain = replace(house, settings=replace(house.settings, google_url=google.url.replace("https", "http")))
    with pytest.raises(Unavailable, match="HTTPS only"):
        get(plain)
    assert google.seen == []


def test_a_line_that_the_other_side_closed_is_not_spoken_on(google: StandIn) -> None:
    """Also for what may not be sent twice."""
    lines = outgoing.Lines(google.trust, 5.0, 1000)
    url = f"{google.url}/oauth2.googleapis.com/token"
    for number, reply in enumerate([Reply(leaves=True), Reply(headers={"Connection": "close"}), Reply()], 1):
        google.login = lambda seen, reply=reply: reply
        assert lines.ask("POST", url, {}, b"x").status == 200
        assert (google.connections, len(google.seen)) == (number, number)
        time.sleep(0.1)  # for the farewell to come
    lines.close()


@pytest.mark.parametrize(("method", "repeated"), [("GET", True), ("POST", False), ("PATCH", False)])
def test_only_what_may_be_repeated_is(google: StandIn, method: str, repeated: bool) -> None:
    lines = outgoing.Lines(google.trust, 5.0, 1000)
    url = f"{google.url}/oauth2.googleapis.com/token"
    replies = [Reply(), Reply(hang_up=True), Reply()]
    google.login = lambda seen: replies.pop(0)
    lines.ask(method, url, {})
    if repeated:
        assert lines.ask(method, url, {}).status == 200
    else:
        with pytest.raises(outgoing.NoAnswer):
            lines.ask(method, url, {})
    assert len(google.seen) == (3 if repeated else 2)
    lines.close()


def test_a_line_that_was_idle_is_not_used_again(google: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = outgoing.Lines(google.trust, 5.0, 1000)
    url = google.url + stand_in.KEYS
    now = time.time()
    lines.ask("GET", url, {})
    monkeypatch.setattr(outgoing.time, "time", lambda: now + outgoing.IDLE - 1)
    lines.ask("GET", url, {})
    assert google.connections == 1
    monkeypatch.setattr(outgoing.time, "time", lambda: now + 2 * outgoing.IDLE)
    lines.ask("GET", url, {})
    assert google.connections == 2
    lines.close()


def test_two_threads_never_share_a_line(house: House, google: StandIn) -> None:
    """Each answer belongs to its question."""
    google.script = lambda seen: Reply(body={"path": seen.path}, pause=0.001)
    wrong: list[str] = []

    def ask(name: str) -> None:
        for _ in range(5):
            if not client.call(house, ANDROID, "GET", f"/v1/{name}")["path"].endswith(f"/{name}"):
                wrong.append(name)

    get(house)
    threads = [threading.Thread(target=ask, args=(f"thread-{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(google.calls) == 31


def test_without_a_stand_in_it_is_google_itself() -> None:
    from chalicelib.platforms.google import hosts
    from chalicelib.storage.memory.house import SETTINGS

    assert hosts.address(SETTINGS, ANDROID.host, PATH) == f"https://androidmanagement.googleapis.com{PATH}"
    assert ssl.create_default_context().check_hostname


def test_the_client_stays_lean() -> None:
    """What a cold start would bring: no library of HTTP or of Google, nothing that only a few calls need."""
    program = (
        "import sys; import chalicelib.platforms.google.client, chalicelib.platforms.google.oidc; "
        "print(','.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.strip().split(","))
    assert not loaded & {
        "urllib3",
        "requests",
        "google",
        "googleapiclient",
        "httplib2",
        "jwt",
        "cryptography",
        "pydantic",
    }
