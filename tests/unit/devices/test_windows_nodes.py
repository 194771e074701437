"""The simulated PC's management tree, what Exec does to it, and how it agrees with Microsoft's DDF files."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from tests.devices.apple.forge import Authority
from tests.devices.windows import WindowsPC, ddf, effects, nodes
from tests.devices.windows.effects import PENDING, D
from tests.devices.windows.tree import canonical
from tests.unit.devices.stub import Stub as ScepServer
from tests.unit.devices.stub_windows import HOST, WindowsStub

P = f"{D}/Policy/Config"
PROVIDER = f"{D}/DMClient/Provider/Stub"
UNDESCRIBED = ("RemoteFind", "EnrollmentStatusTracking", "Accounts", "Policy")
needs_ddf = pytest.mark.skipif(not ddf.available(), reason="needs Microsoft's DDF files in ../shared")


@pytest.fixture
def stub() -> WindowsStub:
    return WindowsStub()


@pytest.fixture
def pc(stub: WindowsStub) -> WindowsPC:
    pc = WindowsPC(seed=1, transport=stub)
    pc.enroll(stub.page_url)
    stub.messages.clear()
    return pc


def ask(stub: WindowsStub, pc: WindowsPC, verb: str, uri: str, data: str | None = None, form: str = "") -> int:
    """The status of one command in a session of its own."""
    stub.send(verb, uri, data, form)
    [handled] = pc.poll()
    return handled.status


# -- the table


@needs_ddf
@pytest.mark.parametrize("definition", nodes.DEFINITIONS.values(), ids=lambda one: one.uri)
def test_the_table_agrees_with_the_ddf(definition: nodes.Definition) -> None:
    described = ddf.find(definition.uri)
    if described is None:
        assert definition.uri.split("/")[4] in UNDESCRIBED
        return
    assert (definition.verbs, definition.form) == (described.verbs, described.form)


def test_every_exec_node_does_something() -> None:
    known = {one.uri for one in nodes.DEFINITIONS.values() if "Exec" in one.verbs}
    assert known == set(effects.EXECUTE)


def test_locuris_in_one_spelling() -> None:
    assert canonical("./Vendor/MSFT/Reboot") == f"{D}/Reboot"
    assert canonical("./device/Vendor/MSFT/X/{A}") == canonical("./Device/Vendor/MSFT/X/%7BA%7D") == f"{D}/X/%7BA%7D"
    assert canonical("./user/Vendor/MSFT/X") == "./User/Vendor/MSFT/X"
    for bad in ("", "/Vendor", "./Vendor//MSFT", "./Vendor/*", "Vendor/MSFT"):
        assert canonical(bad) == ""


# -- statuses


@pytest.mark.parametrize(
    ("verb", "uri", "data", "form", "status"),
    [
        ("Get", "./DevDetail/SwV", None, "", 200),
        ("Get", "./DevDetail/Nothing", None, "", 404),
        ("Get", f"{D}/BitLocker/RequireDeviceEncryption", None, "", 404),
        ("Get", f"{D}/RemoteWipe/doWipe", None, "", 405),
        ("Get", "./Vendor/MSFT/DeviceStatus", None, "", 200),
        ("Get", "/DevDetail/SwV", None, "", 400),
        ("Add", f"{P}/DeviceLock/MaxInactivityTimeDeviceLock", "5", "int", 200),
        ("Add", "./DevDetail/Ext/Microsoft/DeviceName", "x", "chr", 418),
        ("Add", f"{D}/LAPS/Policies/Nothing", "1", "int", 404),
        ("Replace", f"{P}/DeviceLock/MaxInactivityTimeDeviceLock", "5", "int", 404),
        ("Replace", f"{PROVIDER}/EntDeviceName", "x", "chr", 200),
        ("Replace", "./DevDetail/SwV", "11", "chr", 405),
        ("Replace", "./Vendor/MSFT/Firewall/MdmStore/PublicProfile/EnableFirewall", "maybe", "bool", 500),
        ("Replace", "./Vendor/MSFT/Firewall/MdmStore/PublicProfile/EnableFirewall", "true", "chr", 415),
        ("Delete", f"{P}/DeviceLock/MaxInactivityTimeDeviceLock", None, "", 404),
        ("Delete", "./DevDetail/SwV", None, "", 405),
        ("Exec", "./DevDetail/SwV", None, "", 405),
        ("Exec", f"{D}/Nothing/Now", None, "", 404),
        ("Add", f"{D}/DMClient/Provider/Other/EntDeviceName", "x", "chr", 425),
        ("Copy", "./DevDetail/SwV", None, "", 406),
        ("Frobnicate", "./DevDetail/SwV", None, "", 400),
    ],
)
def test_statuses(stub: WindowsStub, pc: WindowsPC, verb: str, uri: str, data: str, form: str, status: int) -> None:
    cmd_id = stub.send(verb, uri, data, form)
    pc.poll()
    assert stub.statuses[cmd_id] == str(status)


@needs_ddf
@pytest.mark.parametrize(
    ("uri", "data", "form", "status"),
    [
        (f"{P}/DeviceLock/NoSuchPolicy", "1", "int", 404),
        (f"{P}/NoSuchArea/Policy", "1", "int", 404),
        (f"{P}/DeviceLock/DevicePasswordEnabled", "7", "int", 500),
        (f"{P}/DeviceLock/DevicePasswordEnabled", "0", "chr", 415),
        (f"{P}/DeviceLock/DevicePasswordEnabled", "0", "int", 200),
        (f"{P}/App~Policy~Category/Setting", "<enabled/>", "chr", 200),
        (f"{D}/BitLocker/RequireDeviceEncryption", "5", "int", 500),
        (f"{D}/DevicePreparation/PageEnabled", "true", "bool", 405),  # Get and Replace only
    ],
)
def test_what_the_ddf_says_counts(
    stub: WindowsStub, pc: WindowsPC, uri: str, data: str, form: str, status: int
) -> None:  # fmt: skip
    assert ask(stub, pc, "Add", uri, data, form) == status


def test_add_replace_get_delete(stub: WindowsStub, pc: WindowsPC) -> None:
    uri = f"{P}/DeviceLock/MaxInactivityTimeDeviceLock"
    assert ask(stub, pc, "Add", uri, "5", "int") == 200
    assert ask(stub, pc, "Add", uri, "6", "int") == 418
    assert ask(stub, pc, "Replace", uri, "7", "int") == 200
    assert ask(stub, pc, "Get", uri.replace("Config", "Result")) == 200
    assert stub.values == {uri.replace("Config", "Result"): "7"}
    assert ask(stub, pc, "Delete", uri) == 200
    assert ask(stub, pc, "Get", uri) == 404


def test_interior_nodes_name_their_children_encoded(stub: WindowsStub, pc: WindowsPC) -> None:
    uri = f"{D}/EnterpriseDesktopAppManagement/MSI"
    assert ask(stub, pc, "Get", uri) == 200
    assert "%7B23170F69-40C1-2702-2408-000001000000%7D" in stub.values[uri].split("/")
    assert ask(stub, pc, "Get", f"{uri}?list=StructData") == 200
    assert ask(stub, pc, "Get", f"{uri}?list=Nonsense") == 400


def test_removing_a_subtree(stub: WindowsStub, pc: WindowsPC) -> None:
    profile = f"{D}/WiFi/Profile/Office%20WLAN"
    ask(stub, pc, "Add", f"{profile}/WlanXml", "<x/>", "chr")
    assert ask(stub, pc, "Delete", profile) == 200
    assert pc.node(f"{profile}/WlanXml") is None


@pytest.mark.parametrize("who", ["none", "others"])
def test_the_users_part_needs_the_user(stub: WindowsStub, pc: WindowsPC, who: str) -> None:
    uri = "./User/Vendor/MSFT/WiFi/Profile/Home/WlanXml"
    pc.log_in(who)
    assert ask(stub, pc, "Add", uri, "<x/>", "chr") == 500
    assert ("1224", "com.microsoft/MDM/LoginStatus", who) in stub.alerts
    assert "LoginStatus" in pc.complaints[-1]
    pc.log_in()
    assert ask(stub, pc, "Add", uri, "<x/>", "chr") == 200


def test_several_items(stub: WindowsStub, pc: WindowsPC) -> None:
    one = stub.command("Get", "./DevInfo/Man", cmd_id="many")
    other = "<Item><Target><LocURI>./DevInfo/Nothing</LocURI></Target></Item></Get>"
    stub.batches.append([one.replace("</Get>", other)])
    assert [handled.status for handled in pc.poll()] == [200, 404]
    assert stub.values == {"./DevInfo/Man": pc.state.manufacturer}


# -- Exec


@pytest.mark.parametrize("node", ["doWipe", "doWipeProtected", "doWipePersistUserData", "doWipeCloud"])
def test_a_wiped_pc_is_gone(stub: WindowsStub, pc: WindowsPC, node: str) -> None:
    old, name = pc.device_id, pc.name
    assert ask(stub, pc, "Exec", f"{D}/RemoteWipe/{node}") == 200
    assert (pc.enrolled, pc.state.wipes, pc.certificate, dict(pc.nodes)) == (False, [node], b"", {})
    assert not any(alert[0] == "1226" for alert in stub.alerts)
    assert pc.poll() == []
    with pytest.raises(AssertionError, match="set_up"):
        pc.enroll(stub.page_url)
    serial = pc.serial
    pc.set_up()
    stub.subject = ""
    stub.nonce, stub.proven_session = b"first-nonce-0001", ""
    pc.enroll(stub.page_url)
    assert (pc.serial, pc.enrolled) == (serial, True)
    assert pc.device_id != old
    assert pc.name != name


def test_autopilot_reset_keeps_management(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.knobs.work_sessions = 2
    node = f"{D}/RemoteWipe/AutomaticRedeployment"
    assert ask(stub, pc, "Exec", f"{node}/doAutomaticRedeployment") == 200
    assert (pc.node(f"{node}/Status"), bool(pc.state.apps)) == ("10", True)
    pc.poll()
    assert (pc.node(f"{node}/Status"), pc.state.apps, pc.state.restarts, pc.enrolled) == ("1", {}, 1, True)


def test_reboot_and_rename(stub: WindowsStub, pc: WindowsPC) -> None:
    node = "./DevDetail/Ext/Microsoft/DNSComputerName"
    old = pc.name
    assert ask(stub, pc, "Replace", node, "PC-%SERIAL%", "chr") == 200
    assert (pc.name, pc.node(node)) == (old, old)
    assert ask(stub, pc, "Exec", f"{D}/Reboot/RebootNow") == 200
    assert (pc.name, pc.node(node), pc.state.restarts) == (f"PC-{pc.serial}", f"PC-{pc.serial}", 1)
    ask(stub, pc, "Replace", node, "R%RAND:4%-%SERIAL%", "chr")
    pc.restart()
    assert len(pc.name) == 6 + len("%SERIAL%")


def test_a_lock_is_counted_and_nothing_more(stub: WindowsStub, pc: WindowsPC) -> None:
    assert ask(stub, pc, "Exec", f"{D}/RemoteLock/Lock") == 200
    assert pc.state.locks == 1


def test_the_server_lets_go(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.batches.append(
        [stub.command("Get", "./DevInfo/Man"), stub.command("Exec", f"{PROVIDER}/Unenroll", "Stub", "chr")]
    )  # fmt: skip
    pc.poll()
    assert [message.number for message in stub.messages] == ["1", "1"]
    assert stub.statuses == {}
    assert ("1226", "com.microsoft:mdm.unenrollment.userrequest", "1") in stub.messages[1].alerts
    assert not pc.enrolled
    assert pc.node("./DevDetail/SwV") is not None


def test_unenroll_of_somebody_else(stub: WindowsStub, pc: WindowsPC) -> None:
    assert ask(stub, pc, "Exec", f"{D}/DMClient/Unenroll", "Other") == 404
    assert pc.enrolled


def test_the_person_leaves(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.unenroll()
    assert ("1226", "com.microsoft:mdm.unenrollment.userrequest", "1") in stub.messages[0].alerts
    assert (pc.enrolled, pc.state.roots, pc.poll()) == (False, [], [])


def test_leaving_is_best_effort(stub: WindowsStub, pc: WindowsPC) -> None:
    stub.alter["syncml"] = lambda text: "down"
    pc.unenroll()
    assert not pc.enrolled
    assert pc.complaints[-1].startswith("farewell")


def test_bitlocker_rotation(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.knobs.work_sessions = 2
    old = pc.state.recovery_password
    assert ask(stub, pc, "Exec", f"{D}/BitLocker/RotateRecoveryPasswords", "request-1", "chr") == 202
    status = f"{D}/BitLocker/Status/RotateRecoveryPasswordsStatus"
    assert (pc.node(status), pc.state.recovery_password) == ("1", old)
    pc.poll()
    assert (pc.node(status), pc.node(f"{D}/BitLocker/Status/RotateRecoveryPasswordsRequestID")) == ("0", "request-1")
    assert pc.state.recovery_password != old
    assert all(int(group) % 11 == 0 for group in pc.state.recovery_password.split("-"))


def test_work_can_fail(stub: WindowsStub, pc: WindowsPC) -> None:
    status = f"{D}/BitLocker/Status/RotateRecoveryPasswordsStatus"
    pc.knobs.outcomes[status] = "-2147467259"
    old = pc.state.recovery_password
    ask(stub, pc, "Exec", f"{D}/BitLocker/RotateRecoveryPasswords", "request-1", "chr")
    assert (pc.node(status), pc.state.recovery_password) == ("-2147467259", old)


def test_laps(stub: WindowsStub, pc: WindowsPC) -> None:
    pc.knobs.work_sessions = 2
    assert ask(stub, pc, "Exec", f"{D}/LAPS/Actions/ResetPassword") == 200
    assert pc.node(f"{D}/LAPS/Actions/ResetPasswordStatus") == PENDING
    pc.let_time_pass()
    assert pc.node(f"{D}/LAPS/Actions/ResetPasswordStatus") == "0"
    assert pc.state.local_admin_password


def test_defender(stub: WindowsStub, pc: WindowsPC) -> None:
    assert ask(stub, pc, "Exec", f"{D}/Defender/Scan", "1", "chr") == 202
    assert pc.node(f"{D}/Defender/Health/QuickScanOverdue") == "false"
    assert pc.node(f"{D}/Defender/Health/QuickScanTime")
    assert ask(stub, pc, "Exec", f"{D}/Defender/Scan", "3", "chr") == 500
    old = pc.node(f"{D}/Defender/Health/SignatureVersion")
    assert ask(stub, pc, "Exec", f"{D}/Defender/UpdateSignature") == 202
    assert pc.node(f"{D}/Defender/Health/SignatureVersion") != old
    assert pc.state.scans == ["Quick"]


def test_logs_are_collected_and_uploaded(stub: WindowsStub, pc: WindowsPC) -> None:
    node = "./Vendor/MSFT/DiagnosticLog/DiagnosticArchive"
    definition = (
        f"<Collection><ID>c-1</ID><SasUrl><![CDATA[{HOST}/upload?sig=a&b]]></SasUrl><Command>x</Command></Collection>"
    )
    assert ask(stub, pc, "Exec", f"{node}/ArchiveDefinition", definition, "chr") == 200
    assert stub.uploads == [pc.archive]
    assert stub.uploads[0].startswith(b"PK")
    assert "<ID>c-1</ID>" in str(pc.node(f"{node}/ArchiveResults"))
    for bad in ("nonsense", "<Other/>", "<Collection><ID>1</ID><SasUrl>http://x/</SasUrl></Collection>"):
        assert ask(stub, pc, "Exec", f"{node}/ArchiveDefinition", bad, "chr") == 500


JOB = (
    '<MsiInstallJob id="{code}"><Product Version="2.1"><Download><ContentURLList><ContentURL>https://x/Tool.msi'
    "</ContentURL></ContentURLList></Download></Product></MsiInstallJob>"
)


def test_an_msi_is_installed_and_removed(stub: WindowsStub, pc: WindowsPC) -> None:
    code = "{11111111-2222-3333-4444-555555555555}"
    product = f"{D}/EnterpriseDesktopAppManagement/MSI/%7B{code[1:-1]}%7D"
    job = JOB.format(code=code)
    assert ask(stub, pc, "Exec", f"{product}/DownloadInstall", job, "xml") == 404
    assert ask(stub, pc, "Add", f"{product}/DownloadInstall", "", "xml") == 200
    assert ask(stub, pc, "Exec", f"{product}/DownloadInstall", "<x/>", "xml") == 500
    assert ask(stub, pc, "Exec", f"{product}/DownloadInstall", job, "xml") == 200
    assert (pc.node(f"{product}/Status"), pc.node(f"{product}/Name")) == ("70", "Tool")
    assert pc.state.apps[code]["Version"] == "2.1"
    pc.poll()
    assert any(alert[1].endswith("win32csp_install") for alert in stub.alerts)
    assert pc.state.alerts == []
    assert ask(stub, pc, "Delete", product) == 200
    assert code not in pc.state.apps


def test_an_msi_fails_after_200(stub: WindowsStub, pc: WindowsPC) -> None:
    code = "{11111111-2222-3333-4444-555555555555}"
    product = f"{D}/EnterpriseDesktopAppManagement/MSI/%7B{code[1:-1]}%7D"
    pc.knobs.outcomes[f"{product}/Status"] = "60"
    ask(stub, pc, "Add", f"{product}/DownloadInstall", "", "xml")
    assert ask(stub, pc, "Exec", f"{product}/DownloadInstall", JOB.format(code=code), "xml") == 200
    assert (pc.node(f"{product}/Status"), pc.node(f"{product}/LastError")) == ("60", "1603")
    assert code not in pc.state.apps


def test_an_msix_is_installed(stub: WindowsStub, pc: WindowsPC) -> None:
    package = f"{D}/EnterpriseModernAppManagement/AppInstallation/Contoso.App_abc"
    ask(stub, pc, "Add", f"{package}/HostedInstall", "", "xml")
    job = '<Application PackageUri="https://x/app.msix"/>'
    assert ask(stub, pc, "Exec", f"{package}/HostedInstall", job, "xml") == 200
    assert pc.node(f"{package}/Status") == "3"
    assert "Contoso.App" in str(pc.node(f"{D}/EnterpriseModernAppManagement/AppManagement/AppInventoryResults"))


def test_the_inventory_of_applications(stub: WindowsStub, pc: WindowsPC) -> None:
    store = f"{D}/EnterpriseModernAppManagement/AppManagement/AppStore"
    assert ask(stub, pc, "Get", store) == 200
    families = stub.values[store].split("/")
    assert "ReleaseManagement" in families
    assert "Mozilla.Firefox_n80bbvh6b1yt2" in families
    assert ask(stub, pc, "Get", f"{store}/Mozilla.Firefox_n80bbvh6b1yt2") == 200
    below = set(stub.values[f"{store}/Mozilla.Firefox_n80bbvh6b1yt2"].split("/"))
    [full] = below - {"DoNotUpdate"}
    assert len(below) == 2
    uri = f"{store}/Mozilla.Firefox_n80bbvh6b1yt2/{full}/Version"
    assert ask(stub, pc, "Get", uri) == 200
    assert stub.values[uri] == "132.0.0.0"
    assert ask(stub, pc, "Get", f"{D}/EnterpriseDesktopAppManagement/MSI") == 200
    assert "UpgradeCode" in stub.values[f"{D}/EnterpriseDesktopAppManagement/MSI"].split("/")


def test_certificates_are_listed_by_thumbprint(stub: WindowsStub, pc: WindowsPC) -> None:
    uri = f"{D}/CertificateStore/MY/User"
    assert ask(stub, pc, "Get", uri) == 200
    assert hashlib.sha1(pc.certificate).hexdigest().upper() in stub.values[uri].split("/")
    assert len(stub.values[uri].split("/")) == 2
    before = pc.certificate
    assert ask(stub, pc, "Exec", f"{D}/CertificateStore/MY/WSTEP/Renew/RenewNow") == 200
    assert pc.certificate == stub.issued != before
    ask(stub, pc, "Get", uri)
    assert hashlib.sha1(before).hexdigest().upper() not in stub.values[uri].split("/")


def test_a_certificate_by_scep(stub: WindowsStub, pc: WindowsPC, tmp_path: Path) -> None:
    authority = ScepServer(tmp_path)
    pc.transport = lambda method, url, headers, body: (authority if "/apple/scep" in url else stub)(
        method, url, headers, body
    )
    holder = f"{D}/ClientCertificateInstall/SCEP/wifi"
    values = {"ServerURL": f"{authority.host}/apple/scep", "Challenge": "secret", "SubjectName": "CN=pc,O=Stub"}
    for name, value in values.items():
        assert ask(stub, pc, "Add", f"{holder}/Install/{name}", value, "chr") == 200
    assert ask(stub, pc, "Exec", f"{holder}/Install/Enroll") == 200
    assert (pc.node(f"{holder}/Status"), pc.complaints) == ("1", [])
    assert pc.node(f"{holder}/CertThumbprint") == hashlib.sha1(pc.scep_identities[0].certificate).hexdigest().upper()
    authority.scep_refusal = "2"
    ask(stub, pc, "Exec", f"{holder}/Install/Enroll")
    assert pc.node(f"{holder}/Status") == "16"


def test_roots_lie_under_their_thumbprint(stub: WindowsStub, pc: WindowsPC) -> None:
    der = Authority("Office CA").der
    right, wrong = hashlib.sha1(der).hexdigest().upper(), "A" * 40
    text, holder = base64.b64encode(der).decode(), f"{D}/RootCATrustedCertificates/Root"
    assert ask(stub, pc, "Add", f"{holder}/{wrong}/EncodedCertificate", text, "b64") == 500
    assert ask(stub, pc, "Add", f"{holder}/{right}/EncodedCertificate", text, "b64") == 200
    assert pc.node(f"{holder}/{right}/IssuedTo") == "CN=Office CA"


def test_settings_have_consequences(stub: WindowsStub, pc: WindowsPC) -> None:
    assert ask(stub, pc, "Add", f"{D}/BitLocker/RequireDeviceEncryption", "1", "int") == 200
    assert pc.node(f"{D}/BitLocker/Status/DeviceEncryptionStatus") == "0"
    assert pc.node(f"{D}/DeviceStatus/Compliance/EncryptionCompliance") == "true"
    ask(stub, pc, "Replace", f"{D}/Firewall/MdmStore/PublicProfile/EnableFirewall", "false", "bool")
    assert pc.node(f"{D}/DeviceStatus/Firewall/Status") == "1"


def test_a_push_channel(stub: WindowsStub, pc: WindowsPC) -> None:
    assert ask(stub, pc, "Get", f"{PROVIDER}/Push/ChannelURI") == 404
    assert ask(stub, pc, "Replace", f"{PROVIDER}/Push/PFN", "Contoso.MDM_abc", "chr") == 200
    assert ask(stub, pc, "Get", f"{PROVIDER}/Push/ChannelURI") == 200
    assert stub.values[f"{PROVIDER}/Push/ChannelURI"].startswith("https://db5p.notify.windows.com/")
    assert pc.node(f"{PROVIDER}/Push/Status") == "0"
