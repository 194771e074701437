"""What attackers and broken clients send: refused with the right status, never 401 to a device, nothing changed."""

import base64
import hashlib
import hmac
import json
import plistlib
import secrets
import threading
import urllib.error
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import jwt
import pytest
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from chalicelib.core import authority
from chalicelib.model.people import Role
from chalicelib.model.secret import Secret
from tests.devices.apple import AppleDevice, forge
from tests.devices.apple import profile as profiles
from tests.devices.apple.checkin import CHECK_IN, UNRECOGNIZED
from tests.devices.apple.complaints import ScepFailed
from tests.devices.apple.enrollment import profile_url
from tests.devices.apple.identity import Identity, new_key
from tests.devices.apple.requests import csr, self_signed
from tests.devices.apple.scep_client import ScepClient
from tests.devices.apple.transport import Reply
from tests.e2e.events import InProcess
from tests.e2e.world import World, eventually

WRITES = {"PutItem", "DeleteItem", "UpdateItem", "BatchWriteItem", "TransactWriteItems"}
CHECK_IN_HEADER = {"Content-Type": CHECK_IN}


@pytest.fixture(scope="module")
def victim(world: World) -> AppleDevice:
    return world.device("mac")


@pytest.fixture(scope="module")
def other(world: World) -> AppleDevice:
    return world.device("iphone")


def idle(device: AppleDevice, **keys: Any) -> bytes:
    return plistlib.dumps({"UDID": device.udid, "Status": "Idle", **keys})


def code(reply: Reply) -> str:
    return str(json.loads(reply.body)["code"]) if reply.content_type == "application/json" else ""


# who speaks


def test_a_signature_over_another_body(world: World, victim: AppleDevice) -> None:
    with world.untouched():
        reply = victim.send("connect", idle(victim), sign=b"another body")
        assert (reply.status, code(reply)) == (403, "")
        reply = victim.send(
            "checkin", victim.message("CheckOut", Topic=victim.topic), CHECK_IN_HEADER, sign=idle(victim)
        )
        assert reply.status == 403


def test_no_proof_at_all(world: World, victim: AppleDevice) -> None:
    with world.untouched():
        for path in ("connect", "checkin"):
            reply = victim.send(path, idle(victim), sign=False)
            assert (reply.status, code(reply)) == (403, "")


@pytest.mark.parametrize(
    "header", ["", "=", "AAAA", "x" * 20_000, base64.b64encode(b"0\x80\x06\x09" + b"\xff" * 40).decode()]
)
def test_a_signature_that_is_none(world: World, victim: AppleDevice, header: str) -> None:
    with world.untouched():
        reply = victim.send("connect", idle(victim), {"Mdm-Signature": header}, sign=False)
        assert reply.status in (400, 403, 431)


def issued_by_hand(world: World, enrollment_id: str, *, expired: bool) -> Identity:
    """A certificate over which the real CA's key has signed, past all that Muster asks before it does."""
    house = world.house()
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    made = forge.Authority(authority_name(world)).issue(
        enrollment_id, organization="Muster", expired=expired, extensions=(purpose,)
    )
    certificate = asn1_x509.Certificate.load(made.certificate)
    content = certificate["tbs_certificate"]
    content["issuer"] = asn1_x509.Certificate.load(authority.known(house).ca).subject
    signature = house.ca_key.sign(content.dump(force=True))
    parts = {
        "tbs_certificate": content,
        "signature_algorithm": {"algorithm": "sha256_rsa"},
        "signature_value": signature,
    }
    return Identity(asn1_x509.Certificate(parts).dump(), made.key)


def test_signers_that_are_not_ours_or_not_any_more(world: World, victim: AppleDevice) -> None:
    name = victim.identity.common_name
    lookalike = forge.Authority(authority_name(world))
    signers = {
        "self-signed": forge.self_signed(name),
        "another authority": forge.Authority("Another CA").issue(name, organization="Muster"),
        "an authority of the same name": lookalike.issue(name, organization="Muster"),
        "issued by the device itself": forge.Authority.of(victim.identity).issue(name, organization="Muster"),
        "expired": issued_by_hand(world, name, expired=True),
    }
    with world.untouched():
        for what, signer in signers.items():
            reply = victim.send("connect", idle(victim), identity=signer)
            assert (what, reply.status, code(reply)) == (what, 403, "")
        in_force = issued_by_hand(world, name, expired=False)  # the CA's own, but bound to no enrollment
        reply = victim.send("connect", idle(victim), identity=in_force)
        assert (reply.status, code(reply)) == (403, UNRECOGNIZED)


def authority_name(world: World) -> str:
    made = x509.load_der_x509_certificate(authority.known(world.house()).ca)
    return str(made.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)


def test_a_certificate_of_another_authority_does_not_even_connect(world: World, victim: AppleDevice) -> None:
    thief = AppleDevice("mac", ca_file=world.stack.ca_file, identity="mtls")
    thief.transport.present(forge.Authority("Another CA").issue("x"))  # type: ignore[attr-defined]
    with world.untouched(), pytest.raises((OSError, urllib.error.URLError)):
        thief.transport("PUT", victim.messenger.server_url, {}, idle(victim))


MESSAGES: Mapping[str, Mapping[str, Any]] = {
    "TokenUpdate": {"Token": b"t" * 32, "PushMagic": "magic", "UnlockToken": b"u" * 64},
    "CheckOut": {},
    "UserAuthenticate": {"UserID": "x"},
    "SetBootstrapToken": {"BootstrapToken": b"stolen"},
    "GetBootstrapToken": {},
    "DeclarativeManagement": {"Endpoint": "tokens"},
    "GetToken": {"TokenServiceType": "com.apple.maid"},
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_the_certificate_of_one_device_with_the_name_of_another(
    world: World, victim: AppleDevice, other: AppleDevice, kind: str
) -> None:
    body = victim.message(kind, Topic=victim.topic, **MESSAGES[kind])
    with world.untouched():
        reply = victim.send("checkin", body, CHECK_IN_HEADER, identity=other.identity)
        assert (reply.status, code(reply)) == (403, UNRECOGNIZED)
        for_a_user = victim.message(kind, victim.users[0], Topic=victim.topic, **MESSAGES[kind])
        assert victim.send("checkin", for_a_user, CHECK_IN_HEADER, identity=other.identity).status == 403


@pytest.mark.parametrize("status", ["Idle", "Acknowledged", "Error", "CommandFormatError", "NotNow"])
def test_a_report_in_the_name_of_another(world: World, victim: AppleDevice, other: AppleDevice, status: str) -> None:
    command = world.ask(world.id_of(victim), "restart")
    with world.untouched():
        body = plistlib.dumps({"UDID": victim.udid, "Status": status, "CommandUUID": command["id"]})
        reply = victim.send("connect", body, identity=other.identity)
        assert (reply.status, code(reply)) == (403, UNRECOGNIZED)
    assert victim.poll() == [("RestartDevice", "Acknowledged")]


def test_authenticating_in_the_name_of_another_leaves_a_trace_with_the_impostor_alone(
    world: World, victim: AppleDevice, other: AppleDevice
) -> None:
    keys = {"Topic": victim.topic, "ProductName": "Mac15,12", "SerialNumber": victim.serial}
    body = victim.message("Authenticate", **keys)
    before = world.tables()
    assert victim.send("checkin", body, CHECK_IN_HEADER, identity=other.identity).status == 403
    after = world.tables()
    assert after["core"] == before["core"]
    entries = [after["audit"][key]["event"] for key in after["audit"].keys() - before["audit"].keys()]
    assert ["enrollment.refused" in entry for entry in entries] == [True]
    own = (f"E#{other.identity.common_name}", "#B")
    changed = {key for key, row in after["commands"].items() if before["commands"].get(key) != row}
    assert changed == {own}
    was, now = before["commands"][own], after["commands"][own]
    assert {name for name in now if now[name] != was.get(name)} == {"refused_at", "version", "w"}
    with world.untouched():  # a flood of them leaves no flood of entries
        assert victim.send("checkin", body, CHECK_IN_HEADER, identity=other.identity).status == 403
    assert victim.poll() == []
    assert other.poll() == []


def test_both_proofs_have_to_agree(world: World, victim: AppleDevice, other: AppleDevice) -> None:
    """The connection of one device, the signature of another."""
    carrier = AppleDevice.load(
        other.state.save(world.stack.state / "twins"), ca_file=world.stack.ca_file, identity="mtls"
    )
    header = {"Mdm-Signature": victim.mdm_signature(idle(victim))}
    with world.untouched():
        reply = carrier.send(victim.messenger.server_url, idle(victim), header)
        assert reply.status == 403


# what may be said when


def test_authenticate_is_not_yet_an_enrollment(world: World) -> None:
    iphone = world.newborn()
    raw = iphone.download_profile(profile_url(iphone.open_page(world.invite())))
    iphone._begin = lambda: None  # type: ignore[method-assign]  # stops before the check-in
    iphone.install_enrollment(raw)
    with world.untouched():
        assert iphone.send("connect", idle(iphone)).status == 403  # nobody has said who this is yet
        early = iphone.message("TokenUpdate", Topic=iphone.topic, Token=b"t" * 32, PushMagic="m")
        assert iphone.send("checkin", early, CHECK_IN_HEADER).status == 403
    before = world.pushes()
    iphone.authenticate()
    assert world.record(iphone)["status"] == "pending"
    with world.untouched():
        assert world.api("POST", f"/devices/{world.id_of(iphone)}/commands", {"action": "restart"}).status == 409
        reply = iphone.send("connect", idle(iphone))
        assert (reply.status, reply.body) == (200, b"")
    iphone.token_update(unlock=True)
    assert world.pushed(iphone.token, before)  # the first one there is
    assert world.record(iphone)["status"] == "enrolled"


def test_a_token_update_without_an_unlock_token_keeps_the_one_that_is_known(world: World, other: AppleDevice) -> None:
    held = other.state.unlock_token
    other.token_update()
    assert "UnlockToken" not in plistlib.loads(other.message("TokenUpdate", Topic=other.topic, Token=other.token))
    assert world.reveal(world.id_of(other), "unlock_token") == held


def test_a_report_on_the_command_of_another_device(world: World, victim: AppleDevice, other: AppleDevice) -> None:
    command = world.ask(world.id_of(victim), "restart")
    assert b"RestartDevice" in victim.idle().body
    with world.untouched():
        for status in ("Acknowledged", "Error", "NotNow", "CommandFormatError"):
            reply = other.report(command["id"], status)
            assert (reply.status, reply.body) == (200, b"")
            assert other.report(secrets.token_hex(13), status).body == b""  # and on none that there is
    assert victim.poll() == [("RestartDevice", "Acknowledged")]


def test_a_command_that_was_not_sent_yet_cannot_be_reported_on(world: World, other: AppleDevice) -> None:
    command = world.ask(world.id_of(other), "restart")
    body = plistlib.dumps({"UDID": other.udid, "Status": "Acknowledged", "CommandUUID": command["id"]})
    reply = other.send("connect", body)
    assert command["id"].encode() in reply.body  # delivered now, and open
    assert world.command(command)["state"] == "sent"
    assert other.poll() == [("RestartDevice", "Acknowledged")]


def test_terminal_states_do_not_change(world: World, other: AppleDevice) -> None:
    command = world.obey(other, "restart")
    assert command["state"] == "acknowledged"
    with world.untouched():
        for status in ("Error", "NotNow", "Acknowledged", "CommandFormatError"):
            assert other.report(command["id"], status).body == b""
        cancelled = world.api("DELETE", f"/devices/{command['device_id']}/commands/{command['id']}")
        assert cancelled.status == 409
    assert world.command(command) == command


# what cannot be read


def signed_check_in(device: AppleDevice, body: bytes) -> Reply:
    return device.send("checkin", body, CHECK_IN_HEADER)


def named(device: AppleDevice) -> dict[str, str]:
    return {"MessageType": "TokenUpdate", "UDID": device.udid}


BOMBS: Mapping[str, Callable[[AppleDevice], bytes]] = {
    "shared graph of 2^60 paths": lambda device: forge.binary_bomb(keys=named(device)),
    "an array that holds itself": lambda device: forge.self_reference(named(device)),
    "binary nested deeply": lambda device: forge.deep_binary(200, named(device)),
    "xml nested deeply": lambda device: forge.deep_xml(60_000),
    "a huge hexadecimal integer": lambda device: forge.huge_integer(),
    "a billion laughs": lambda device: forge.doctype_entities(),
    "an external entity": lambda device: forge.external_entity(),
    "an identity key twice": lambda device: forge.duplicate_keys(
        "UDID", device.udid, "another", others={"MessageType": "CheckOut"}
    ),
    "nothing": lambda device: b"",
    "no property list": lambda device: b"{}",
    "cut off": lambda device: device.message("CheckOut", Topic=device.topic)[:-40],
    "an array": lambda device: plistlib.dumps(["CheckOut"]),
    "without a type": lambda device: plistlib.dumps({"UDID": device.udid}),
    "without a device": lambda device: plistlib.dumps({"MessageType": "CheckOut"}),
    "of an unknown type": lambda device: device.message("Surprise"),
    "of another shape": lambda device: plistlib.dumps({"MessageType": ["CheckOut"], "UDID": {"a": device.udid}}),
    "a token that is no data": lambda device: device.message("TokenUpdate", Topic="t", Token="text", PushMagic="m"),
}


@pytest.mark.parametrize("what", BOMBS)
def test_messages_of_an_honest_signer_that_cannot_be_accepted(world: World, other: AppleDevice, what: str) -> None:
    body = BOMBS[what](other)
    with world.untouched():
        assert signed_check_in(other, body).status == 400
        assert other.send("connect", body).status == 400
    assert other.poll() == []  # it is still known, and the function still there


@pytest.mark.parametrize(("path", "cap"), [("checkin", 1024), ("connect", 4096)])
def test_bodies_over_the_cap_are_refused_before_they_are_read(
    world: World, other: AppleDevice, path: str, cap: int
) -> None:
    body = forge.oversized(cap * 1024, named(other))
    with world.untouched(), world.counted() as calls:
        reply = other.send(path, body)
    assert reply.status == 413
    assert [call for call in calls if call[0] in ("dynamodb", "kms") and call[1] != "Scan"] == []


@pytest.mark.parametrize("size", [64 * 1024 + 1, 1024 * 1024])
def test_scep_messages_over_the_cap(world: World, size: int) -> None:
    url = f"{world.stack.device_url}/apple/scep?operation=PKIOperation"
    with world.untouched():
        assert world.fetch("POST", url, b"0" * size).status == 413


def test_an_unknown_device_route(world: World, other: AppleDevice) -> None:
    with world.untouched():
        assert other.send("/apple/nothing", idle(other)).status in (403, 404)
        assert world.fetch("GET", f"{world.stack.device_url}/apple/profile/not-a-code").status == 404
        assert world.fetch("GET", f"{world.stack.device_url}/apple/profile/{'0' * 26}").status == 404


# certificates


@pytest.fixture(scope="module")
def offers(world: World) -> Callable[[], dict[str, Any]]:
    link = world.invite(max_uses=100)

    def offer() -> dict[str, Any]:
        device = world.newborn()
        raw = device.download_profile(profile_url(device.open_page(link)))
        return dict(device.read_profile(raw).only(profiles.SCEP)["PayloadContent"])

    return offer


def client(world: World) -> ScepClient:
    return ScepClient(f"{world.stack.device_url}/apple/scep", world.newborn().transport)


@pytest.mark.parametrize("message_type", ["0", "3", "18", "21", "22", "99", "x", ""])
def test_scep_message_types_that_are_not_ours(
    world: World, offers: Callable[[], dict[str, Any]], message_type: str
) -> None:
    payload, scep, key = offers(), client(world), new_key()
    request = csr(key, [("CN", "x")], payload["Challenge"])
    with world.untouched(), pytest.raises(ScepFailed, match="answered 400"):
        scep.request(message_type, request, self_signed(key, [("CN", "x")]))


@pytest.mark.parametrize("challenge", [None, "", "wrong", "x" * 200])
def test_a_certificate_request_without_a_right_challenge(world: World, challenge: str | None) -> None:
    scep = client(world)
    with world.untouched(), pytest.raises(ScepFailed) as refused:
        scep.enroll([("CN", "x")], challenge)
    assert (refused.value.status, refused.value.fail_info) == ("2", "2")


def test_a_renewal_by_somebody_who_has_no_certificate_of_ours(world: World, victim: AppleDevice) -> None:
    name, scep = victim.identity.common_name, client(world)
    expired, unbound = (issued_by_hand(world, name, expired=over) for over in (True, False))
    for thief in (forge.self_signed(name), forge.Authority("Another CA").issue(name), expired, unbound):
        with world.untouched(), pytest.raises(ScepFailed) as refused:
            scep.renew(thief)
        assert refused.value.status == "2"


def test_one_challenge_used_twice_at_once_buys_one_certificate(
    world: World, offers: Callable[[], dict[str, Any]]
) -> None:
    challenge, won, lost = offers()["Challenge"], list[Identity](), list[str | None]()
    rivals = [client(world) for _ in range(4)]
    for rival in rivals:
        rival.ca_certificates()
    start = threading.Barrier(len(rivals))

    def race(scep: ScepClient) -> None:
        key = new_key()
        start.wait(30)
        try:
            won.append(scep.enroll([("CN", "x")], challenge, key))
        except ScepFailed as refusal:
            lost.append(refusal.fail_info)

    threads = [threading.Thread(target=race, args=(rival,)) for rival in rivals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(won) == 1
    assert lost == ["2"] * 3
    row = world.tables()["commands"][(f"E#{won[0].common_name}", "#B")]
    assert json.loads(row["fingerprints"]) == [won[0].sha256]


def test_garbage_for_scep(world: World) -> None:
    url = f"{world.stack.device_url}/apple/scep"
    with world.untouched():
        for query in ("", "?operation=Surprise", "?operation=PKIOperation", "?operation=PKIOperation&message=%00"):
            assert world.fetch("GET", url + query).status == 400
        for body in (b"0", b"0\x80" * 1000, secrets.token_bytes(2000), b"0\x84\xff\xff\xff\xff"):
            assert world.fetch("POST", f"{url}?operation=PKIOperation", body).status == 400


# the people plane


def claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


@pytest.fixture(scope="module")
def forgeries(world: World) -> dict[str, str]:
    """Tokens that are none, by what is wrong with them."""
    cognito, pool = world.stack.client("cognito-idp"), world.stack.outputs["UserPoolId"]
    who = {"USERNAME": world.stack.admin_username, "PASSWORD": world.stack.admin_password}
    flow = {"AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": who, "UserPoolId": pool}
    own = cognito.admin_initiate_auth(ClientId=world.stack.outputs["UserPoolClientId"], **flow)["AuthenticationResult"]
    true, header = claims(own["AccessToken"]), jwt.get_unverified_header(own["AccessToken"])
    keys = world.fetch("GET", f"{world.stack.engine_url}/{pool}/.well-known/jwks.json").json["keys"]
    public = jwt.PyJWK(keys[0]).key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head, body, signature = own["AccessToken"].split(".")
    return {
        "id token": own["IdToken"],
        "refresh token": own.get("RefreshToken", "none"),
        "algorithm none": jwt.encode(true, "", algorithm="none", headers={"kid": header["kid"]}),
        "signed with the public key": _hs256(true, public, header["kid"]),
        "signed with a key of one's own": jwt.encode(
            true, new_key(), algorithm="RS256", headers={"kid": header["kid"]}
        ),
        "of an unknown key": jwt.encode(true, new_key(), algorithm="RS256", headers={"kid": "unknown"}),
        "key in the header": jwt.encode(true, new_key(), algorithm="RS256", headers={"jku": "https://evil.example"}),
        "without a signature": f"{head}.{body}.",
        "another content": f"{head}.{_other(body)}.{signature}",
        "another pool": _of_another_pool(cognito),
        "another client": _of_another_client(cognito, pool, flow),
        "unknown API token": "muster_" + "0" * 52,
        "cut off API token": world.stack.admin_token[:-1],
        "nonsense": "x.y.z",
    }


def _hs256(content: Mapping[str, Any], key: bytes, key_id: str) -> str:
    def text(part: bytes) -> str:
        return base64.urlsafe_b64encode(part).rstrip(b"=").decode()

    signed = text(json.dumps({"alg": "HS256", "kid": key_id}).encode()) + "." + text(json.dumps(content).encode())
    return signed + "." + text(hmac.new(key, signed.encode(), hashlib.sha256).digest())


def _other(body: str) -> str:
    content = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    content["username"] = "somebody"
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _of_another_pool(cognito: Any) -> str:
    pool = cognito.create_user_pool(PoolName="another")["UserPool"]["Id"]
    password = "Another-pass-w0rd"
    cognito.admin_create_user(UserPoolId=pool, Username="admin", MessageAction="SUPPRESS", TemporaryPassword=password)
    cognito.admin_set_user_password(UserPoolId=pool, Username="admin", Password=password, Permanent=True)
    cognito.create_group(UserPoolId=pool, GroupName="admin")
    cognito.admin_add_user_to_group(UserPoolId=pool, Username="admin", GroupName="admin")
    flow = {"AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": "admin", "PASSWORD": password}}
    return _of_another_client(cognito, pool, {"UserPoolId": pool, **flow})


def _of_another_client(cognito: Any, pool: str, flow: Mapping[str, Any]) -> str:
    made = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="another", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]
    answer = cognito.admin_initiate_auth(ClientId=made["ClientId"], **flow)["AuthenticationResult"]
    return str(answer["AccessToken"])


def test_tokens_that_are_none(world: World, forgeries: Mapping[str, str]) -> None:
    assert world.api("GET", "/me").status == 200  # the true one
    with world.untouched():
        for what, token in forgeries.items():
            answer = world.api("POST", "/invitations", {"ownership": "corporate"}, token=token)
            assert (what, answer.status) == (what, 401)
        assert world.api("POST", "/invitations", {"ownership": "corporate"}, token="").status == 401


def test_what_a_role_may_not_do(world: World, other: AppleDevice) -> None:
    """A few of each role over the wire; the whole table is tested with the web."""
    tokens = {role: person_of(world, role) for role in (Role.HELPDESK, Role.AUDITOR)}
    device = world.id_of(other)
    forbidden = {
        Role.HELPDESK: [
            ("POST", f"/devices/{device}/commands", {"action": "erase"}),
            ("POST", f"/devices/{device}/retire", {"reason": "because"}),
            ("PATCH", f"/devices/{device}", {"owner": "me@example.com"}),
            ("POST", "/tokens", {"name": "mine", "role": "admin"}),
            ("GET", "/audit", None),
        ],
        Role.AUDITOR: [
            ("POST", f"/devices/{device}/commands", {"action": "lock"}),
            ("POST", "/invitations", {"ownership": "corporate"}),
            ("GET", f"/devices/{device}/escrow", None),
            ("POST", f"/devices/{device}/escrow/unlock_token/reveal", {"reason": "I am curious"}),
        ],
    }
    machine = [
        ("POST", f"/devices/{device}/commands", {"action": "erase"}),
        ("POST", f"/devices/{device}/escrow/unlock_token/reveal", {"reason": "a machine asks"}),
        ("POST", "/tokens", {"name": "mine", "role": "admin"}),
    ]
    with world.untouched():
        for role, requests in forbidden.items():
            for method, path, content in requests:
                assert (role, path, world.api(method, path, content, token=tokens[role]).status) == (role, path, 403)
        for method, path, content in machine:
            assert (path, world.api(method, path, content, token=world.stack.admin_token).status) == (path, 403)


def person_of(world: World, role: Role) -> str:
    name, password = f"{role}@example.com", Secret("A-long-pass-w0rd-" + secrets.token_hex(4))
    house = world.house()
    house.identities.create_user(name, password, role)
    return str(house.identities.sign_in(name, password)["access_token"])


def test_a_download_link_opens_one_file_for_a_short_time(world: World) -> None:
    report = world.ok("POST", "/reports", {"kind": "inventory"})
    eventually(lambda: world.ok("GET", f"/reports/{report['id']}")["state"] == "ready", "the report")
    url = world.ok("GET", f"/reports/{report['id']}/download?format=csv")["url"]
    assert world.fetch("GET", url).status == 200
    assert world.fetch("PUT", url, b"spoiled").status == 403
    assert world.fetch("DELETE", url).status == 403
    assert world.fetch("GET", url.replace(".csv?", ".jsonl?")).status == 403
    assert world.fetch("GET", url.replace("X-Amz-Expires=300", "X-Amz-Expires=604800")).status == 403
    brief = world.house().blobs.link(f"reports/inventory/{report['id']}.csv", 1, "x.csv")
    assert world.fetch("GET", url).status == 200
    eventually(lambda: world.fetch("GET", brief).status == 403, "the end of a link of one second")


def test_hundreds_of_bad_requests_cost_no_write_and_no_key(world: World, victim: AppleDevice) -> None:
    """Before anything is written or a key is used, each is told apart from a good one."""
    thief = forge.Authority("Another CA").issue(victim.identity.common_name, organization="Muster")
    body, server = idle(victim), victim.messenger.server_url
    scep = f"{world.stack.device_url}/apple/scep?operation=PKIOperation"
    stranger = {"Mdm-Signature": victim.mdm_signature(body, identity=thief)}
    stale = {"Mdm-Signature": victim.mdm_signature(b"of another body")}
    floods: list[Callable[[], int]] = [
        lambda: world.fetch("PUT", server, body).status,
        lambda: world.fetch("PUT", server, body, stranger).status,
        lambda: world.fetch("PUT", server, body, stale).status,
        lambda: world.fetch("PUT", server, body, {"Mdm-Signature": "AAAA"}).status,
        lambda: world.fetch("POST", scep, secrets.token_bytes(500)).status,
        lambda: world.fetch("GET", f"{world.stack.device_url}/apple/profile/{secrets.token_hex(13)}").status,
        lambda: world.fetch("GET", f"{world.stack.console_url}/enroll/{secrets.token_hex(13)}").status,
        lambda: (
            world.api(
                "POST", "/invitations", {"ownership": "corporate"}, token="muster_" + secrets.token_hex(26)
            ).status
        ),
        lambda: world.api("POST", "/invitations", {"ownership": "corporate"}, token="a.b.c").status,
    ]
    for flood in floods:
        flood()  # functions that start cold read what they have to know
    world.quiet()
    with world.untouched(), world.counted() as calls:
        for flood in floods:
            assert {flood() for _ in range(30)} <= {400, 401, 403, 404}
    assert [call for call in calls if call[1] in WRITES or call[0] in ("kms", "sqs")] == []
    reads = [call for call in calls if call[0] == "dynamodb" and call[1] != "Scan"]
    assert len(reads) <= 3 * 30  # the two kinds of code and the API token are looked up; nothing else is


def test_a_request_that_is_refused_costs_no_call_at_all(world: World, victim: AppleDevice) -> None:
    """Counted where the calls are made: proof comes before the first read."""
    house = world.house()
    authority.known(house)
    house.store.meter.reset()
    serve = InProcess(house)
    thief = forge.Authority("Another CA").issue(victim.identity.common_name, organization="Muster")
    for headers in (
        {},
        {"Mdm-Signature": "AAAA"},
        {"Mdm-Signature": victim.mdm_signature(idle(victim), identity=thief)},
    ):
        assert serve("PUT", victim.messenger.server_url, headers, idle(victim)).status in (400, 403)
    assert house.store.meter.total("").calls == 0


def test_an_old_clock_does_not_revive_a_certificate(world: World, victim: AppleDevice) -> None:
    """The other way round: a house that lives after the certificate's time refuses it."""
    house = world.house()
    later = replace(house, clock=lambda: house.clock() + 3 * 365 * 86_400)
    header = {"Mdm-Signature": victim.mdm_signature(idle(victim))}
    assert InProcess(house)("PUT", victim.messenger.server_url, header, idle(victim)).status == 200
    assert InProcess(later)("PUT", victim.messenger.server_url, header, idle(victim)).status == 403
