"""The generated parts of the README: `python -m tests.readme` writes them, tests/unit/docs keeps them true."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from chalicelib.platforms.apple.actions import registry as apple
from chalicelib.platforms.windows.actions import registry as windows

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
SHORT = {
    "ios": "iOS", "ipados": "iPadOS", "macos": "macOS", "tvos": "tvOS", "visionos": "visionOS", "windows": "Windows",
}  # fmt: skip

RFC = "https://www.rfc-editor.org/rfc/rfc{}"
APPLE = "https://github.com/apple/device-management"
MICROSOFT = "https://learn.microsoft.com/openspecs/windows_protocols"
W3 = "https://www.w3.org/TR"
OASIS = "https://docs.oasis-open.org"
GOOGLE = "https://developers.google.com"
LEARN = "https://learn.microsoft.com"
OMA = "https://www.openmobilealliance.org/release/DM/V1_2_1-20080617-A/"
AWS = "https://docs.aws.amazon.com"
# What a docstring calls it → its name, where it is published.
STANDARDS: Mapping[str, tuple[str, str]] = {
    "Apple mdm/checkin": ("Apple MDM check-in", f"{APPLE}/tree/release/mdm/checkin"),
    "Apple mdm/commands": ("Apple MDM commands", f"{APPLE}/tree/release/mdm/commands"),
    "Apple mdm/profiles": ("Apple configuration profiles", f"{APPLE}/tree/release/mdm/profiles"),
    "Apple declarative": ("Apple declarative device management", f"{APPLE}/tree/release/declarative"),
    "Apple PropertyList-1.0.dtd": ("Property lists", "http://www.apple.com/DTDs/PropertyList-1.0.dtd"),
    "APNs provider API": (
        "Apple Push Notification service",
        "https://developer.apple.com/documentation/usernotifications",
    ),
    "MS-MDE2": ("Windows enrollment: discovery, policy, certificate", f"{MICROSOFT}/ms-mde2"),
    "MS-XCEP": ("Windows enrollment policy", f"{MICROSOFT}/ms-xcep"),
    "MS-WSTEP": ("Windows certificate enrollment", f"{MICROSOFT}/ms-wstep"),
    "MS-MDM": ("Windows management sessions", f"{MICROSOFT}/ms-mdm"),
    "SOAP 1.2": ("SOAP 1.2", f"{W3}/soap12-part1/"),
    "WS-Addressing": ("WS-Addressing 1.0", f"{W3}/ws-addr-core/"),
    "WS-Security": ("WS-Security 1.1", f"{OASIS}/wss-m/wss/v1.1.1/wss-SOAPMessageSecurity-v1.1.1.html"),
    "UsernameToken profile": (
        "WS-Security UsernameToken profile 1.0",
        f"{OASIS}/wss/2004/01/oasis-200401-wss-username-token-profile-1.0.pdf",
    ),
    "WS-Trust": ("WS-Trust 1.3", f"{OASIS}/ws-sx/ws-trust/200512/ws-trust-1.3-os.html"),
    "OMA-WAP-ProvCont": (
        "Provisioning documents",
        "https://www.openmobilealliance.org/release/ClientProvisioning/",
    ),
    "Certificate Renewal": (
        "Microsoft: Certificate Renewal",
        f"{LEARN}/windows/client-management/certificate-renewal-windows-mdm",
    ),
    "MDM enrollment of Windows devices": (
        "Microsoft: MDM enrollment of Windows devices",
        f"{LEARN}/windows/client-management/mdm-enrollment-of-windows-devices",
    ),
    "Microsoft Entra integration with MDM": (
        "Microsoft Entra integration with MDM",
        f"{LEARN}/windows/client-management/azure-active-directory-integration-with-mdm",
    ),
    "Access tokens": ("Microsoft identity platform: Access tokens", f"{LEARN}/entra/identity-platform/access-tokens"),
    "OpenID Connect Discovery": (
        "OpenID Connect Discovery 1.0",
        "https://openid.net/specs/openid-connect-discovery-1_0.html",
    ),
    "OMA-TS-SyncML_RepPro": ("SyncML representation", OMA),
    "OMA-TS-SyncML_MetaInfo": ("SyncML meta information", OMA),
    "OMA-TS-DM_Protocol": ("OMA-DM protocol", OMA),
    "OMA-TS-DM_Security": ("OMA-DM security", OMA),
    "OMA-TS-DM_TND": ("OMA-DM tree and descriptions", OMA),
    "XML 1.0": ("XML 1.0", f"{W3}/xml/"),
    "Namespaces in XML": ("Namespaces in XML 1.0", f"{W3}/xml-names/"),
    "DDF": ("CSP nodes (DDF v2)", f"{LEARN}/windows/client-management/mdm/"),
    "Android Management API": ("Android Management API", f"{GOOGLE}/android/management/reference/rest"),
    "chromepolicy.v1": ("Chrome Policy API", f"{GOOGLE}/chrome/policy/reference/rest"),
    "chromemanagement.v1": ("Chrome Management API", f"{GOOGLE}/chrome/management/reference/rest"),
    "admin.directory_v1": ("Admin SDK Directory", f"{GOOGLE}/workspace/admin/directory/reference/rest"),
    "WNS": ("Windows Push Notification Services", f"{LEARN}/windows/apps/develop/notifications/"),
    "RFC 2396": ("URI escaping, as Windows reads it", RFC.format(2396)),
    "RFC 3986": ("URI", RFC.format(3986)),
    "RFC 6749": ("OAuth 2.0", RFC.format(6749)),
    "RFC 6750": ("Bearer tokens", RFC.format(6750)),
    "RFC 7515": ("JSON Web Signature", RFC.format(7515)),
    "RFC 7523": ("JWT as authorization grant", RFC.format(7523)),
    "RFC 9110": ("HTTP semantics", RFC.format(9110)),
    "RFC 7517": ("JSON Web Key", RFC.format(7517)),
    "RFC 2986": ("PKCS #10, certification requests", RFC.format(2986)),
    "RFC 4519": ("LDAP attributes (UID of the push certificate)", RFC.format(4519)),
    "RFC 5280": ("X.509 certificates and revocation lists", RFC.format(5280)),
    "RFC 5652": ("CMS, signed and enveloped messages", RFC.format(5652)),
    "RFC 5758": ("Algorithms of X.509 signatures", RFC.format(5758)),
    "RFC 7519": ("JSON Web Token", RFC.format(7519)),
    "RFC 8017": ("PKCS #1, RSA", RFC.format(8017)),
    "RFC 8725": ("JWT best practices", RFC.format(8725)),
    "RFC 8894": ("SCEP", RFC.format(8894)),
    "RFC 9113": ("HTTP/2", RFC.format(9113)),
    "RFC 9457": ("Problem details", RFC.format(9457)),
    "RFC 3339": ("Timestamps", RFC.format(3339)),
    "RFC 6901": ("JSON Pointer", RFC.format(6901)),
    "RFC 8259": ("JSON", RFC.format(8259)),
    "RFC 4180": ("CSV", RFC.format(4180)),
    "FIPS 186-5": ("Digital signatures", "https://csrc.nist.gov/pubs/fips/186-5/final"),
    "DynamoDB": ("DynamoDB items and capacity", f"{AWS}/amazondynamodb/latest/developerguide/"),
    "Cognito": ("Cognito user pools and their tokens", f"{AWS}/cognito/latest/developerguide/"),
    "Signature Version 4": ("AWS Signature Version 4", f"{AWS}/IAM/latest/UserGuide/reference_sigv.html"),
    "OpenAPI 3.1": ("OpenAPI 3.1", "https://spec.openapis.org/oas/v3.1.0"),
    "ulid": ("ULID", "https://github.com/ulid/spec"),
}

_IN_THE_TITLE = ("Apple", "APNs", "DynamoDB", "Cognito", "Signature", "ulid", "DDF", "WNS")


@cache
def docstrings() -> list[tuple[str, str]]:
    """(module path, all its docstrings) of every module that ships."""
    return list(_docstrings())


def _docstrings() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "chalicelib").rglob("*.py")):
        tree = ast.parse(path.read_text())
        nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)]
        yield str(path.relative_to(ROOT)), " ".join(" ".join((ast.get_docstring(node) or "").split()) for node in nodes)


def standards_table() -> str:
    modules: dict[str, list[str]] = {name: [] for name in STANDARDS}
    for path, text in docstrings():
        for name in STANDARDS:
            if re.search(rf"{re.escape(name)}(?!\d)", text):
                modules[name].append(path.removeprefix("chalicelib/"))
    rows = []
    for name, (title, url) in STANDARDS.items():
        told = name in title or name.split()[0] in _IN_THE_TITLE
        rows.append(f"| {title if told else f'{title} ({name})'} | {_places(modules[name])} | <{url}> |")
    return "\n".join(["| Standard | Module | Source |", "| --- | --- | --- |", *rows])


def _places(paths: list[str]) -> str:
    """Up to three modules by name; of more than three in one folder, the folder."""
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(path.rpartition("/")[0], []).append(path)
    shown = [f"{folder}/" if len(found) > 3 else path for folder, found in folders.items() for path in found]
    return ", ".join(f"`{place}`" for place in dict.fromkeys(shown))


def actions_table() -> str:
    supports = [registry.support() for registry in (apple, windows)]
    platforms = [(support, system) for support in supports for system in next(iter(support.values()))]
    lines = [f"| Action | {' | '.join(SHORT[p] for _, p in platforms)} |", f"| --- |{' --- |' * len(platforms)}"]
    for action in dict.fromkeys(name for support in supports for name in support):
        cells = [support.get(action, {}).get(system, "no") for support, system in platforms]
        lines.append(f"| `{action}` | {' | '.join(cells)} |")
    return "\n".join(lines)


PARTS = {"actions": actions_table, "standards": standards_table}


def written(text: str) -> str:
    """The README with its generated parts as they should be."""
    for name, make in PARTS.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- end {name} -->)", re.DOTALL)
        made = make().replace("\\", "\\\\")
        text, found = pattern.subn(rf"\g<1>{made}\g<2>", text)
        if found != 1:
            raise ValueError(f"README.md has no part {name!r}")
    return text


if __name__ == "__main__":
    README.write_text(written(README.read_text()))
