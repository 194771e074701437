"""What management does to a PC: Exec nodes, settings with consequences, and work that is done only after a while."""

from __future__ import annotations

import base64
import binascii
import hashlib
import random
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from cryptography import x509

from tests.devices.windows import installing, xmlio
from tests.devices.windows.complaints import Complaint
from tests.devices.windows.installing import D, later
from tests.devices.windows.tree import canonical

if TYPE_CHECKING:
    from tests.devices.windows.device import WindowsPC

PENDING = "-2147483638"  # E_PENDING
FAILED = "-2147467259"  # E_FAIL
Effect = Callable[["WindowsPC", str, str], int]


class Unenrolled(Exception):
    """The server let go of this PC: every session ends at once, and nothing more is said in it."""


def work(pc: WindowsPC) -> None:
    """Time passes between two sessions."""
    due, pc.state.works = pc.state.works, []
    for one in due:
        one["left"] -= 1
        if one["left"] > 0:
            pc.state.works.append(one)
            continue
        for uri, (form, value) in one["set"].items():
            pc.state.tree.put(uri, form, value)
        if one["then"]:
            THEN[one["then"]](pc, **one["arguments"])


# -- Exec


def _wipe(pc: WindowsPC, uri: str, data: str) -> int:
    pc.ending = "wipe"
    pc.state.wipes.append(uri.rsplit("/", 1)[1])
    return 200


def _autopilot_reset(pc: WindowsPC, uri: str, data: str) -> int:
    node = f"{D}/RemoteWipe/AutomaticRedeployment/Status"
    pc.state.tree.put(node, "int", "10")
    pc.state.wipes.append("doAutomaticRedeployment")
    later(pc, node, "int", "1", "reset")
    return 200


def _reset(pc: WindowsPC, uri: str) -> None:
    """Applications and people's things go, management stays."""
    pc.state.apps.clear()
    pc.state.restart_wanted = True


def _reboot(pc: WindowsPC, uri: str, data: str) -> int:
    pc.state.restart_wanted = True
    return 200


def _lock(pc: WindowsPC, uri: str, data: str) -> int:
    """Documented for phones; a PC says yes and does nothing."""
    pc.state.locks += 1
    return 200


def _unenroll(pc: WindowsPC, uri: str, data: str) -> int:
    if data.strip() not in ("", pc.state.provider_id):
        return 404
    raise Unenrolled


def _rotate(pc: WindowsPC, uri: str, data: str) -> int:
    status = f"{D}/BitLocker/Status/RotateRecoveryPasswordsStatus"
    pc.state.tree.put(status, "int", "1")
    pc.state.tree.put(f"{D}/BitLocker/Status/RotateRecoveryPasswordsRequestID", "chr", data)
    later(pc, status, "int", "0", "rotate")
    return 202


def _rotated(pc: WindowsPC, uri: str) -> None:
    pc.state.recovery_password = recovery_password(random.SystemRandom())


def _laps(pc: WindowsPC, uri: str, data: str) -> int:
    status = f"{D}/LAPS/Actions/ResetPasswordStatus"
    pc.state.tree.put(status, "int", PENDING)
    later(pc, status, "int", "0", "laps")
    return 200


def _laps_done(pc: WindowsPC, uri: str) -> None:
    pc.state.local_admin_password = secrets.token_urlsafe(14)


def _scan(pc: WindowsPC, uri: str, data: str) -> int:
    kinds = {"1": "Quick", "2": "Full"}
    if data.strip() not in kinds:
        return 500
    kind = kinds[data.strip()]
    later(pc, f"{D}/Defender/Health/{kind}ScanOverdue", "bool", "false", "scan", kind=kind)
    return 202


def _scanned(pc: WindowsPC, uri: str, kind: str) -> None:
    tree = pc.state.tree
    tree.put(f"{D}/Defender/Health/{kind}ScanTime", "chr", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    version = tree.value(f"{D}/Defender/Health/SignatureVersion")
    tree.put(f"{D}/Defender/Health/{kind}ScanSigVersion", "chr", version)
    pc.state.scans.append(kind)


def _signatures(pc: WindowsPC, uri: str, data: str) -> int:
    later(pc, f"{D}/Defender/Health/SignatureVersion", "chr", "1.423.7.0")
    return 202


def _offline_scan(pc: WindowsPC, uri: str, data: str) -> int:
    pc.state.restart_wanted = True
    pc.state.scans.append("Offline")
    return 202


def _archive(pc: WindowsPC, uri: str, data: str) -> int:
    """A Collection of folders, commands and registry keys, to be put under its SasUrl."""
    root = installing.inner(data)
    if root is None or xmlio.name(root) != "Collection" or not root.findtext("ID"):
        return 500
    address = (root.findtext("SasUrl") or "").strip()
    if address and urlsplit(address).scheme != "https":
        return 500
    identifier = (root.findtext("ID") or "").strip()
    results = f'<Collection HRESULT="0"><ID>{identifier}</ID></Collection>'
    later(pc, f"{D}/DiagnosticLog/DiagnosticArchive/ArchiveResults", "chr", results, "archive", address=address)
    return 200


def _archived(pc: WindowsPC, uri: str, address: str) -> None:
    if not address:
        return
    headers = {"x-ms-blob-type": "BlockBlob", "User-Agent": "DiagnosticLogCSP"}
    pc.archive = b"PK\x05\x06" + bytes(18)  # a ZIP without files
    reply = pc.transport("PUT", address, headers, pc.archive)
    if reply.status not in (200, 201):
        failed = f'<Collection HRESULT="{FAILED}"><SasUrl>{reply.status}</SasUrl></Collection>'
        pc.state.tree.put(uri, "chr", failed)
    else:
        pc.state.archives.append(address)


def _renew_now(pc: WindowsPC, uri: str, data: str) -> int:
    later(pc, f"{D}/CertificateStore/MY/WSTEP/Renew/Status", "int", "0", "renew")
    return 200


def _renewed(pc: WindowsPC, uri: str) -> None:
    try:
        pc.renew_identity()
    except (Complaint, OSError) as error:
        pc.complaints.append(f"renewal: {error}")
        pc.state.tree.put(uri, "int", "2")


def _attest(pc: WindowsPC, uri: str, data: str) -> int:
    later(pc, f"{D}/HealthAttestation/AttestStatus", "int", "3")
    return 202


EXECUTE: dict[str, Effect] = {
    f"{D}/RemoteWipe/doWipe": _wipe,
    f"{D}/RemoteWipe/doWipePersistProvisionedData": _wipe,
    f"{D}/RemoteWipe/doWipeProtected": _wipe,
    f"{D}/RemoteWipe/doWipePersistUserData": _wipe,
    f"{D}/RemoteWipe/doWipeCloud": _wipe,
    f"{D}/RemoteWipe/doWipeCloudPersistUserData": _wipe,
    f"{D}/RemoteWipe/doWipeCloudPersistProvisionedData": _wipe,
    f"{D}/RemoteWipe/AutomaticRedeployment/doAutomaticRedeployment": _autopilot_reset,
    f"{D}/Reboot/RebootNow": _reboot,
    f"{D}/RemoteLock/Lock": _lock,
    f"{D}/RemoteLock/LockAndResetPIN": _lock,
    f"{D}/DMClient/Unenroll": _unenroll,
    f"{D}/DMClient/Provider/*/Unenroll": _unenroll,
    f"{D}/BitLocker/RotateRecoveryPasswords": _rotate,
    f"{D}/LAPS/Actions/ResetPassword": _laps,
    f"{D}/Defender/Scan": _scan,
    f"{D}/Defender/UpdateSignature": _signatures,
    f"{D}/Defender/OfflineScan": _offline_scan,
    f"{D}/DiagnosticLog/DiagnosticArchive/ArchiveDefinition": _archive,
    f"{D}/EnterpriseDesktopAppManagement/MSI/*/DownloadInstall": installing.msi,
    f"{D}/EnterpriseModernAppManagement/AppInstallation/*/HostedInstall": installing.msix,
    f"{D}/EnterpriseModernAppManagement/AppInstallation/*/StoreInstall": installing.msix,
    f"{D}/ClientCertificateInstall/SCEP/*/Install/Enroll": installing.scep,
    f"{D}/CertificateStore/MY/WSTEP/Renew/RenewNow": _renew_now,
    f"{D}/HealthAttestation/VerifyHealth": _attest,
    f"{D}/HealthAttestation/TriggerAttestation": _attest,
}
THEN: dict[str, Callable[..., None]] = {
    "reset": _reset,
    "rotate": _rotated,
    "laps": _laps_done,
    "scan": _scanned,
    "archive": _archived,
    "msi": installing.msi_installed,
    "msix": installing.msix_installed,
    "scep": installing.scep_done,
    "renew": _renewed,
}


def execute(pc: WindowsPC, uri: str, data: str) -> int:
    for pattern, effect in EXECUTE.items():
        if re.fullmatch(re.escape(pattern).replace(r"\*", "[^/]+"), uri):
            return effect(pc, uri, data)
    return 200


# -- settings with consequences


def refuses(uri: str, data: str) -> int | None:
    """A certificate under a thumbprint that is not its own is not taken."""
    found = re.match(rf"{D}/RootCATrustedCertificates/(?:Root|CA)/([^/]+)/EncodedCertificate", uri)
    if found is None:
        return None
    try:
        der = base64.b64decode("".join(data.split()), validate=True)
        x509.load_der_x509_certificate(der)
    except (ValueError, binascii.Error):
        return 500
    return None if hashlib.sha1(der).hexdigest().upper() == found[1].upper() else 500


def written(pc: WindowsPC, uri: str, data: str) -> None:
    tree, below = pc.state.tree, uri.removeprefix(f"{D}/")
    if uri == "./DevDetail/Ext/Microsoft/DNSComputerName":
        tree.put(uri, "chr", pc.state.name)  # until the restart
        pc.state.pending_name = _expanded(pc, data)
    elif uri == "./DevDetail/Ext/Microsoft/DeviceName":
        pc.state.pending_name = data
        tree.put(uri, "chr", pc.state.name)
    elif below == "BitLocker/RequireDeviceEncryption" and data == "1":
        later(pc, f"{D}/BitLocker/Status/DeviceEncryptionStatus", "int", "0")
        later(pc, f"{D}/DeviceStatus/Compliance/EncryptionCompliance", "bool", "true")
    elif re.fullmatch(r"DMClient/Provider/[^/]+/Push/PFN", below):
        pc.open_channel(data)
    elif re.fullmatch(r"RootCATrustedCertificates/Root/[^/]+/EncodedCertificate", below):
        installing.describe_root(pc, uri, data)
    elif below.startswith("Firewall/MdmStore/"):
        on = all(
            tree.value(f"{D}/Firewall/MdmStore/{one}Profile/EnableFirewall") == "true"
            for one in ("Domain", "Private", "Public")
        )
        tree.put(f"{D}/DeviceStatus/Firewall/Status", "int", "0" if on else "1")


def removed(pc: WindowsPC, uri: str) -> None:
    found = re.match(rf"{D}/Enterprise(?:DesktopAppManagement/MSI|ModernAppManagement/AppInstallation)/([^/]+)$", uri)
    if found:
        pc.state.apps.pop(unquote(found[1]), None)


def _expanded(pc: WindowsPC, name: str) -> str:
    """%RAND:n% wins over %SERIAL% (DevDetail DDF)."""
    found = re.search(r"%RAND:(\d+)%", name)
    if found:
        return name.replace(found[0], "".join(secrets.choice("0123456789") for _ in range(int(found[1]))))
    return name.replace("%SERIAL%", pc.state.serial)


def restart(pc: WindowsPC) -> None:
    state = pc.state
    state.restarts, state.restart_wanted = state.restarts + 1, False
    if state.pending_name:
        state.name, state.pending_name = state.pending_name, ""
        for node in ("DeviceName", "DNSComputerName"):
            state.tree.put(f"./DevDetail/Ext/Microsoft/{node}", "chr", state.name)


def recovery_password(dice: random.Random) -> str:
    """Eight groups of six digits, each divisible by 11."""
    return "-".join(f"{dice.randrange(0, 65536) * 11:06d}" for _ in range(8))


assert all(canonical(uri.replace("*", "x")) == uri.replace("*", "x") for uri in EXECUTE)
