"""The front door as a device sees it: one address, client certificates as at API Gateway, bodies byte by byte."""

import datetime
import http.client
import json
import socket
import ssl
import threading
import urllib.request
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.devices.apple import AppleDevice
from tests.e2e.conftest import Stack


def connect(stack: Stack, certificate: Path | None = None) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=stack.ca_file)
    if certificate:
        context.load_cert_chain(certificate)
    port = int(stack.device_url.rsplit(":", 1)[1])
    return http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=30)


def link(stack: Stack) -> str:
    headers = {"Authorization": f"Bearer {stack.admin_token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{stack.api_url}/invitations", b'{"ownership":"corporate"}', headers)
    with urllib.request.urlopen(request, context=ssl.create_default_context(cafile=stack.ca_file)) as reply:
        return str(json.loads(reply.read())["link"])


def stranger(folder: Path) -> Path:
    """A client certificate that Muster did not issue."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stranger")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(
        now + datetime.timedelta(days=1)
    )
    pem = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    pem += key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "stranger.pem"
    path.write_bytes(pem)
    return path


def test_a_device_is_known_by_its_certificate_alone(stack: Stack, tmp_path: Path) -> None:
    device = AppleDevice("iphone", ca_file=stack.ca_file, state_dir=tmp_path, identity="mtls")
    device.enroll(link(stack))
    answers = device.poll()
    assert ("DeviceInformation", "Acknowledged") in answers
    assert device.complaints == []


def test_a_certificate_of_another_authority_ends_the_handshake(stack: Stack, tmp_path: Path) -> None:
    connection = connect(stack, stranger(tmp_path))

    def ask() -> http.client.HTTPResponse:
        connection.request("PUT", "/apple/connect", b"")
        return connection.getresponse()

    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask()


def test_one_connection_carries_many_requests(stack: Stack) -> None:
    connection = connect(stack)
    for _ in range(5):
        connection.request("GET", "/apple/scep?operation=GetCACaps")
        reply = connection.getresponse()
        assert reply.status == 200
        assert b"SHA-256" in reply.read()
        assert not reply.will_close


def test_chunks_arrive_as_one_body(stack: Stack) -> None:
    connection = connect(stack)
    headers = {"Authorization": f"Bearer {stack.admin_token}", "Content-Type": "application/json"}
    parts = iter([b'{"ownership":', b'"corporate",', b'"note":"in parts"}'])
    connection.request("POST", "/api/v1/invitations", parts, headers, encode_chunked=True)
    reply = connection.getresponse()
    assert reply.status == 201
    assert json.loads(reply.read())["note"] == "in parts"
    connection.request("GET", "/healthz")  # the connection is at the next request's beginning
    assert connection.getresponse().status == 200


def test_chunks_over_the_limit_are_refused_before_they_are_read(stack: Stack) -> None:
    connection = connect(stack)
    connection.connect()
    connection.sock.sendall(
        b"PUT /apple/connect HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nA00001\r\n"
    )
    assert connection.sock.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_device_may_send_its_report_in_chunks(stack: Stack, tmp_path: Path) -> None:
    device = AppleDevice("iphone", ca_file=stack.ca_file, state_dir=tmp_path)
    device.enroll(link(stack))
    body = device.message("Idle", Status="Idle", MessageType=None)
    connection = connect(stack)
    headers = {"Mdm-Signature": device.mdm_signature(body), "Content-Type": "application/x-apple-aspen-mdm"}
    parts = iter([body[:50], body[50:]])
    connection.request("PUT", "/apple/connect", parts, headers, encode_chunked=True)
    assert connection.getresponse().status == 200


def test_binary_answers_arrive_as_they_are(stack: Stack) -> None:
    connection = connect(stack)
    connection.request("GET", "/crl")
    revocations = x509.load_der_x509_crl(connection.getresponse().read())
    assert revocations.next_update_utc is not None


def test_a_silent_client_does_not_hold_up_the_others(stack: Stack) -> None:
    address = ("127.0.0.1", int(stack.device_url.rsplit(":", 1)[1]))
    with socket.create_connection(address), socket.create_connection(address):
        connection = connect(stack)
        connection.request("GET", "/apple/scep?operation=GetCACaps")
        assert connection.getresponse().status == 200


def test_requests_in_parallel(stack: Stack) -> None:
    found: list[int] = []

    def ask() -> None:
        connection = connect(stack)
        connection.request("GET", "/apple/scep?operation=GetCACaps")
        found.append(connection.getresponse().status)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 8


def test_the_callers_word_about_its_address_is_not_passed_on(stack: Stack) -> None:
    connection = connect(stack)
    headers = {"Authorization": f"Bearer {stack.admin_token}", "Content-Type": "application/json"}
    headers["X-Forwarded-For"] = "203.0.113.9"
    connection.request("POST", "/api/v1/invitations", b'{"ownership":"corporate"}', headers)
    assert connection.getresponse().status == 201
    connection = connect(stack)
    connection.request("GET", "/api/v1/audit?limit=200", headers=headers)
    assert b"203.0.113.9" not in connection.getresponse().read()
