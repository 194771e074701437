"""How a PC comes into the real stack and leaves it: each way in, renewal, unenrollment, retirement, wipe."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.devices.windows import WindowsPC
from tests.devices.windows.complaints import EnrollmentFault, PasswordDeclined
from tests.e2e import pcs
from tests.e2e.conftest import Shell, printed
from tests.e2e.world import REASON, World


def check_managed(world: World, pc: WindowsPC, owner: str) -> None:
    """By its own certificate, known by serial number, and with nothing to complain about."""
    record = world.record(pc)
    assert (record["status"], record["platform"], record["owner"]) == ("enrolled", "windows", owner)
    assert record["identifiers"]["device_id"] == pc.device_id
    subject = x509.load_der_x509_certificate(pc.certificate).subject
    assert [name.value for name in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] != [pc.device_id]
    assert {"device", "security", "defender", "apps"} <= set(record["inventory"])
    assert pc.complaints == []


def test_by_the_deep_link_of_the_invitation_page(world: World) -> None:
    pc = pcs.enrolled(world, invitation={"user": "grace@example.com"})
    assert pc.state.way == "deeplink"
    check_managed(world, pc, "grace@example.com")


def test_by_address_and_code(world: World) -> None:
    pc = pcs.newborn(world)
    code = pcs.code_of(world.invite(user=pc.state.upn))
    with pytest.raises(EnrollmentFault):
        pc.enroll_on_premise(world.stack.device_url, pc.state.upn, code[::-1])
    pc.enroll_on_premise(world.stack.device_url, pc.state.upn, code)
    check_managed(world, pc, pc.state.upn)
    another = pcs.newborn(world)
    with pytest.raises(EnrollmentFault):
        another.enroll_on_premise(world.stack.device_url, another.state.upn, code)


def test_by_the_sign_in_page(world: World) -> None:
    with pcs.federated(world) as (name, password):
        pc = pcs.newborn(world, upn=name)
        with pytest.raises(PasswordDeclined):
            pc.enroll_federated(world.stack.device_url, name, f"{password}x")
        pc.enroll_federated(world.stack.device_url, name, password)
    check_managed(world, pc, name)
    assert pc.state.way == "federated"


@pytest.mark.parametrize(("kind", "store"), [("Full", "User"), ("Device", "System")])
def test_with_entra(world: World, kind: str, store: str) -> None:
    pc = pcs.newborn(world)
    terms = f"{world.stack.console_url}/windows/terms"
    with pcs.entra(world) as audience:
        token = pcs.entra_token(world, audience, pc.state.upn)
        pc.enroll_entra(world.stack.device_url, token, terms_url=terms, kind=kind)
        check_managed(world, pc, pc.state.upn)
        assert (pc.state.store, pc.opaque_blob) == (store, "accepted")
        with pytest.raises(EnrollmentFault):  # one token, one PC
            pcs.newborn(world).enroll_entra(world.stack.device_url, token)
        foreign = pcs.entra_token(world, "https://mdm.example.com", pc.state.upn)
        with pytest.raises(EnrollmentFault):
            pcs.newborn(world).enroll_entra(world.stack.device_url, foreign)
    late = pcs.entra_token(world, audience, pc.state.upn)
    with pytest.raises(EnrollmentFault):
        pcs.newborn(world).enroll_entra(world.stack.device_url, late)


def test_a_repeated_request_brings_the_same_certificate(world: World) -> None:
    """The answer was lost, the PC asks again with the same key: the invitation is used once."""
    page = world.invite()
    pc = pcs.newborn(world)
    link = pc.open_page(page)
    security = pcs.password(link.username, page)
    policy = pc.get_policies(pc.discover(link.server, link.username).policy_url, security)
    pc.enroll(page, sync=False)
    first = pc.certificate
    pc.obtain_identity(security, policy, key=pc.last_key)
    assert pc.certificate == first
    with pytest.raises(EnrollmentFault, match="used up"):
        pc.obtain_identity(security, policy)
    pc.poll()
    check_managed(world, pc, "")


def test_its_certificate_is_renewed(world: World) -> None:
    """The old one speaks for it too, in case the answer is lost; once a day is often enough."""
    pc = pcs.enrolled(world)
    first, old = pc.certificate, pc.identity
    pc.renew_identity()
    assert pc.certificate != first
    pc.knobs.digest = "none"
    assert pcs.obey(world, pc, "sync")["state"] == "acknowledged"
    pc.transport.present(old)  # type: ignore[attr-defined]
    pc.heard(pc.post(pc.state.manage_url, pc.message([])))
    with pytest.raises(EnrollmentFault, match="within the last day"):
        pc.renew_identity()


def test_its_user_leaves_and_comes_back_as_the_same_device(world: World) -> None:
    pc = pcs.enrolled(world)
    device_id = world.id_of(pc)
    pc.unenroll()
    assert world.record(pc)["status"] == "unenrolled"
    pc.enroll(world.invite())
    record = world.record(pc)
    assert (record["id"], record["status"]) == (device_id, "enrolled")


def test_it_is_retired_from_the_command_line(world: World, shell: Shell) -> None:
    pc = pcs.enrolled(world)
    old, url, words = pc.identity, pc.state.manage_url, pc.message([])
    assert shell("devices", "retire", pc.serial, "--reason", REASON).returncode == 0
    pc.poll()
    assert not pc.enrolled
    assert printed(shell("devices", "show", pc.serial, "--json"))["status"] == "retired"
    pc.transport.present(old)  # type: ignore[attr-defined]
    assert pc.post(url, words).status == 403


def test_it_is_erased_set_up_anew_and_the_same_device_again(world: World) -> None:
    pc = pcs.enrolled(world)
    device_id, first = world.id_of(pc), pc.device_id
    erased = pcs.obey(world, pc, "erase", variant="protected")
    assert (erased["state"], erased["deliveries"]) == ("acknowledged", 1)
    assert "does not report the end" in erased["detail"]
    assert (pc.state.gone, pc.state.wipes) == (True, ["doWipeProtected"])
    assert world.record(pc)["status"] == "unenrolled"
    pc.set_up()
    pc.enroll(world.invite())
    assert pc.device_id != first
    record = world.record(pc)
    assert (record["id"], record["status"], record["identifiers"]["device_id"]) == (device_id, "enrolled", pc.device_id)
