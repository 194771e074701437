"""The device functions from event to answer: sizes, routes, refusals, the log line, and what a cold start imports."""

import base64
import json
import subprocess
import sys
from typing import Any

import pytest

from chalicelib.core import errors
from chalicelib.core.house import House
from chalicelib.gateway import handler, http, log, routes, signer
from chalicelib.platforms.http import Request, Response
from chalicelib.storage.memory.house import memory_house


@pytest.fixture
def house() -> House:
    return memory_house()


def event(path: str, body: bytes | str = b"", **more: Any) -> dict[str, Any]:
    context = {"http": {"method": "PUT"}, "stage": "$default", "requestId": "r-1"} | more.pop("context", {})
    encoded = isinstance(body, bytes)
    return {
        "rawPath": path,
        "rawQueryString": "",
        "headers": {},
        "requestContext": context,
        "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": encoded,
        **more,
    }


def call(house: House, function: Any, sent: dict[str, Any]) -> dict[str, Any]:
    return routes.handle("gateway", function.ROUTES, lambda: house, sent)


def test_event_becomes_request() -> None:
    sent = event("/prod/apple/connect", b"\x00\xff", headers={"Content-Type": "x", "Mdm-Signature": "s"})
    sent["requestContext"] |= {"stage": "prod", "authentication": {"clientCert": {"clientCertPem": "PEM"}}}
    sent["rawQueryString"] = "a=1&message=a%2Bb+c"
    got = http.request_of(sent, 100)
    assert (got.method, got.path, got.body, got.client_certificate) == ("PUT", "/apple/connect", b"\x00\xff", "PEM")
    assert got.headers == {"content-type": "x", "mdm-signature": "s"}
    assert got.parameter("message") == "a+b+c"
    assert got.parameter("none") == ""


def test_a_parameter_twice_is_refused() -> None:
    with pytest.raises(errors.BadRequest):
        Request("GET", "/", "a=1&a=2").parameter("a")


def test_no_header_of_the_caller_stands_in_for_mutual_tls() -> None:
    sent = event("/apple/connect", headers={"x-amzn-mtls-clientcert": "PEM", "x-client-cert": "PEM"})
    assert http.request_of(sent, 100).client_certificate == ""


@pytest.mark.parametrize("cap", [1, 2, 3, 4, 1023, 1024])
def test_the_cap_is_exact_enough_and_before_decoding(cap: int) -> None:
    assert http.request_of(event("/", b"x" * cap), cap).body == b"x" * cap
    assert http.request_of(event("/", "x" * cap), cap).body == b"x" * cap
    for body in (b"x" * (cap + 4), "x" * (cap + 1)):
        with pytest.raises(errors.TooLarge):
            http.request_of(event("/", body), cap)
    with pytest.raises(errors.TooLarge):  # not even base64: the size was judged first
        http.request_of(event("/", isBase64Encoded=True) | {"body": "*" * (cap * 2 + 8)}, cap)


def test_a_body_that_is_not_base64() -> None:
    with pytest.raises(errors.BadRequest):
        http.request_of(event("/") | {"body": "****"}, 100)


def test_response_becomes_event() -> None:
    got = http.event_of(Response(200, b"\x00", "application/x", {"cache-control": "no-store"}))
    assert (got["statusCode"], base64.b64decode(got["body"]), got["isBase64Encoded"]) == (200, b"\x00", True)
    assert got["headers"] == {"cache-control": "no-store", "content-type": "application/x", "content-length": "1"}
    empty = http.event_of(Response())
    assert (empty["body"], empty["isBase64Encoded"], empty["headers"]) == ("", False, {"content-length": "0"})


@pytest.mark.parametrize("error", [kind for kind in vars(errors).values() if isinstance(kind, type)])
def test_never_401(error: type[errors.MusterError]) -> None:
    for speaks_mdm in (True, False):
        got = routes.refusal(error("No."), speaks_mdm)
        assert got.status == (403 if error is errors.Unauthenticated else error.status)
        assert (b"com.apple.unrecognized.device" in got.body) == (speaks_mdm and error is errors.NotManaged)


@pytest.mark.parametrize(
    ("function", "path", "status"),
    [
        (handler, "/", 404),
        (handler, "/apple/checkin/x", 404),
        (handler, "/apple/scep", 404),
        (signer, "/apple/connect", 404),
        (signer, "/apple/profile/", 404),
        (signer, "/apple/profile/a/b", 404),
        (signer, "/apple/profile/../../etc/passwd", 404),
        (signer, "/apple/profile/" + "a" * 26, 404),
        (signer, "/apple/ota/" + "a" * 26, 403),
        (handler, "/apple/checkin", 403),
        (handler, "/apple/connect", 403),
    ],
)
def test_routes(house: House, function: Any, path: str, status: int) -> None:
    assert call(house, function, event(path))["statusCode"] == status


def test_a_body_over_the_cap_costs_nothing(house: House) -> None:
    assert call(house, handler, event("/apple/checkin", b"x" * (1024 * 1024 + 10)))["statusCode"] == 413
    assert call(house, signer, event("/apple/scep", b"x" * (64 * 1024 + 10)))["statusCode"] == 413
    assert house.store.meter.total().calls == 0


def test_ten_thousand_bad_requests_cost_no_read_and_no_key(house: House) -> None:
    junk = [b"", b"junk", b"<plist/>", b"\x30\x82" * 40]
    paths = ["/apple/checkin", "/apple/connect"]
    for number in range(2_500):
        for path in paths:
            call(house, handler, event(path, junk[number % 4], headers={"mdm-signature": "MAA="}))
            call(house, signer, event("/apple/scep", junk[number % 4]) | {"rawQueryString": "operation=PKIOperation"})
    assert house.store.meter.total("dynamodb").write_units == 0
    assert house.store.meter.total("kms").calls == 0
    assert house.store.meter.total().calls == 0


def test_one_line_is_logged_and_only_what_is_listed(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    sent = event(
        "/apple/connect", b"CANARY-BODY", headers={"authorization": "CANARY-HEADER", "mdm-signature": "CANARY"}
    )
    call(house, handler, sent | {"rawQueryString": "token=CANARY-QUERY"})
    (line,) = capsys.readouterr().err.splitlines()
    got = json.loads(line)
    assert set(got) <= set(log.FIELDS)
    assert (got["route"], got["method"], got["status"], got["request_id"]) == ("/apple/connect", "PUT", 403, "r-1") or (
        got["status"] == 400
    )
    assert "CANARY" not in line


def test_an_unlisted_fact_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    log.write({"status": 200, "password": "CANARY", "error": ""})
    assert json.loads(capsys.readouterr().err) == {"status": 200}


def test_an_invitation_code_is_not_logged(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    call(house, signer, event("/apple/profile/" + "c" * 26))
    assert "ccc" not in capsys.readouterr().err


RARE = [
    *("chalice", "boto3", "botocore", "pydantic", "jinja2", "h2", "segno", "httpx", "asn1crypto"),
    *("chalicelib.platforms.apple.arrivals", "chalicelib.platforms.apple.results", "chalicelib.platforms.apple.apns"),
    *("chalicelib.platforms.apple.declarative", "chalicelib.core.issuance", "chalicelib.core.reports"),
]


def test_a_poll_imports_only_what_it_needs() -> None:
    code = (
        "import sys, chalicelib.gateway.handler, chalicelib.platforms.apple.service\n"
        f"print([name for name in {RARE!r} if name in sys.modules])"
    )
    got = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert got.stdout.strip() == "[]"
