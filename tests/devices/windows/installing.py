"""Applications and certificates that management brings to a PC (MSI, MSIX, SCEP, roots), and their inventory."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from cryptography import x509
from lxml import etree

from tests.devices.apple.scep_client import ScepClient
from tests.devices.windows import xmlio
from tests.devices.windows.complaints import Complaint, MessageRefused
from tests.devices.windows.tree import Tree

if TYPE_CHECKING:
    from tests.devices.windows.device import WindowsPC
    from tests.devices.windows.state import PCState

D = "./Device/Vendor/MSFT"
APPS = f"{D}/EnterpriseModernAppManagement/AppManagement"
MSI_DONE = "Reversed-Domain-Name:com.microsoft.mdm.win32csp_install"


def later(pc: WindowsPC, uri: str, form: str, value: str, then: str = "", **arguments: str) -> None:
    """A status node says so after a while; a test may have set another outcome."""
    outcome = pc.knobs.outcomes.get(uri, value)
    pc.state.works.append(
        {"left": pc.knobs.work_sessions, "set": {uri: [form, outcome]},
         "then": then if outcome == value else "", "arguments": {"uri": uri, **arguments}}
    )  # fmt: skip


def msi(pc: WindowsPC, uri: str, data: str) -> int:
    root, product = inner(data), uri.rsplit("/", 1)[0]
    if uri not in pc.state.tree:
        return 404
    if root is None or xmlio.name(root) != "MsiInstallJob" or root.find("Product/Download/ContentURLList") is None:
        return 500
    code = unquote(product.rsplit("/", 1)[1])
    if (root.get("id") or "").lower() != code.lower():
        return 500
    pc.state.tree.put(f"{product}/Status", "int", "20")
    version = root.find("Product").get("Version") or ""
    url = (root.findtext(".//ContentURL") or "").strip()
    later(pc, f"{product}/Status", "int", "70", "msi", version=version, url=url)
    if pc.knobs.outcomes.get(f"{product}/Status", "70") != "70":
        pc.state.tree.put(f"{product}/LastError", "int", "1603")
    return 200


def msi_installed(pc: WindowsPC, uri: str, version: str, url: str) -> None:
    product = uri.rsplit("/", 1)[0]
    name = unquote(urlsplit(url).path.rsplit("/", 1)[-1]).removesuffix(".msi") or "Package"
    app = {"Name": name, "Version": version, "Publisher": "Contoso", "InstallDate": f"{datetime.now(UTC):%m/%d/%Y}"}
    pc.state.apps[unquote(product.rsplit("/", 1)[1])] = app
    show_app(pc.state, unquote(product.rsplit("/", 1)[1]))
    pc.state.alerts.append(
        {"kind": MSI_DONE, "form": "int", "mark": "informational", "data": "0", "source": product}
    )  # fmt: skip


def msix(pc: WindowsPC, uri: str, data: str) -> int:
    root, package = inner(data), uri.rsplit("/", 1)[0]
    if uri not in pc.state.tree:
        return 404
    if root is None or xmlio.name(root) != "Application" or not root.get("PackageUri"):
        return 500
    pc.state.tree.put(f"{package}/Status", "int", "1")
    later(pc, f"{package}/Status", "int", "3", "msix")
    return 200


def msix_installed(pc: WindowsPC, uri: str) -> None:
    family = unquote(uri.split("/")[-2])
    pc.state.apps[family] = {"Name": family.split("_")[0], "Version": "1.0.0.0", "Publisher": "Contoso"}
    show_app(pc.state, family)
    inventory(pc)


def scep(pc: WindowsPC, uri: str, data: str) -> int:
    """Fetches a real certificate with the parameters below Install."""
    holder = uri.removesuffix("/Install/Enroll")
    tree = pc.state.tree
    if tree.get(f"{holder}/Install/ServerURL") is None:
        return 500
    tree.put(f"{holder}/Status", "int", "2")
    later(pc, f"{holder}/Status", "int", "1", "scep")
    return 200


def scep_done(pc: WindowsPC, uri: str) -> None:
    holder, tree = uri.removesuffix("/Status"), pc.state.tree

    def read(name: str) -> str:
        return (tree.get(f"{holder}/Install/{name}") or ("", ""))[1]

    subject = [tuple(part.strip().split("=", 1)) for part in read("SubjectName").split(",")]
    try:
        identity = ScepClient(read("ServerURL"), pc.transport).enroll(subject, read("Challenge"))  # type: ignore[arg-type]
    except Complaint as error:
        pc.complaints.append(str(error))
        tree.put(uri, "int", "16")
        return
    pc.scep_identities.append(identity)
    tree.put(f"{holder}/CertThumbprint", "chr", hashlib.sha1(identity.certificate).hexdigest().upper())


def inventory(pc: WindowsPC) -> None:
    """The answer to AppInventoryQuery: every package."""
    root = etree.Element("Results")
    for family, app in pc.state.apps.items():
        if "_" in family:
            xmlio.add(root, "Package", PackageFamilyName=family, Name=app["Name"], Version=app["Version"])
    uri = f"{D}/EnterpriseModernAppManagement/AppManagement/AppInventoryResults"
    pc.state.tree.put(uri, "xml", xmlio.dump(root).decode())


def describe_root(pc: WindowsPC, uri: str, data: str) -> None:
    for name, value in _described(base64.b64decode(data)).items():
        pc.state.tree.put(f"{uri.rsplit('/', 1)[0]}/{name}", "chr", value)


def inner(data: str) -> Any:
    try:
        return xmlio.parse(data.encode(), "the data of an Exec")
    except MessageRefused:
        return None


# -- what stands in the tree


def show_app(state: PCState, code: str) -> None:
    """An application as its nodes: an MSI by product code, a package by family and full name."""
    app = state.apps[code]
    if code.startswith("{"):
        holder = f"{D}/EnterpriseDesktopAppManagement/MSI/{quote(code)}"
        upgrade = f"{D}/EnterpriseDesktopAppManagement/MSI/UpgradeCode/{quote('{' + _guid(app['Name']) + '}')}"
        state.tree.put(upgrade, "chr", code)
        values = dict(app)
    else:
        full = f"{app['Name']}_{app['Version']}_x64__{code.split('_')[-1]}"
        holder = f"{APPS}/AppStore/{code}/{full}"
        state.tree.put(f"{APPS}/AppStore/{code}/DoNotUpdate", "int", "0")
        values = dict(app) | {"Architecture": "x64", "InstallLocation": f"C:\\Program Files\\WindowsApps\\{full}"}
        for name in ("IsFramework", "IsBundle", "PackageStatus", "IsProvisioned"):
            state.tree.put(f"{holder}/{name}", "int", "0")
    for name, value in ({"InstallDate": "10/1/2024"} | values).items():
        state.tree.put(f"{holder}/{name}", "chr", value)


def show_certificate(tree: Tree, holder: str, der: bytes) -> None:
    """Below CertificateStore: by thumbprint."""
    node = f"{holder}/{hashlib.sha1(der).hexdigest().upper()}"
    tree.put(f"{node}/EncodedCertificate", "b64", base64.b64encode(der).decode())
    for name, value in _described(der).items():
        tree.put(f"{node}/{name}", "chr", value)


def _described(der: bytes) -> dict[str, str]:
    certificate = x509.load_der_x509_certificate(der)
    return {
        "IssuedTo": certificate.subject.rfc4514_string(),
        "IssuedBy": certificate.issuer.rfc4514_string(),
        "ValidFrom": certificate.not_valid_before_utc.isoformat(),
        "ValidTo": certificate.not_valid_after_utc.isoformat(),
    }


def _guid(name: str) -> str:
    digits = hashlib.md5(name.encode()).hexdigest().upper()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
