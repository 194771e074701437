"""Lists in the tree of a PC: an interior node tells the names of its children (OMA-TS-DM_Protocol §6.2.1, RFC 3986).

A Get of an interior node brings its children's names, URI-encoded and separated by "/". So apps and certificates take
two questions: which there are, and what they are.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from chalicelib.model.device import Device
from chalicelib.platforms.reading import Reading, tidy
from chalicelib.platforms.windows.readings import text

Values = Mapping[str, str]

MSI = "./Device/Vendor/MSFT/EnterpriseDesktopAppManagement/MSI"
MODERN = "./Device/Vendor/MSFT/EnterpriseModernAppManagement/AppManagement/"
PACKAGES = {MODERN + "AppStore": "store", MODERN + "nonStore": "sideloaded"}
MSI_FIELDS = ("Name", "Version", "Publisher")
STORE = "./Device/Vendor/MSFT/CertificateStore/"
STORES = {STORE + "MY/User": "personal", STORE + "ROOT/System": "root", STORE + "CA/System": "intermediate"}
CERTIFICATE_FIELDS = ("IssuedTo", "IssuedBy", "ValidTo")
# That are asked about: all questions of a second stage have to fit into one message
MOST_MSI, MOST_PACKAGES, MOST_CERTIFICATES = 200, 400, 200
LONGEST_LIST = 512 * 1024  # characters


def children(values: Values, node: str) -> tuple[str, ...]:
    """Names as they stand, still encoded: so they go back into a LocURI."""
    names = values.get(node, "")[:LONGEST_LIST].split("/")
    return tuple(
        dict.fromkeys(name for name in names if name.isprintable() and 0 < len(name) <= 256 and " " not in name)
    )


def more_apps(values: Values) -> tuple[str, ...]:
    """Second stage: three fields of each MSI product, and the full names of each package family."""
    products = [name for name in children(values, MSI) if name.lower().startswith("%7b")][:MOST_MSI]
    families = [f"{root}/{name}" for root in PACKAGES for name in children(values, root) if "_" in name]
    return (*(f"{MSI}/{name}/{each}" for name in products for each in MSI_FIELDS), *families[:MOST_PACKAGES])


def apps(values: Values, about: Device) -> Reading:
    rows = [*_products(values), *(row for root, source in PACKAGES.items() for row in _packages(values, root, source))]
    rows.sort(key=lambda row: (str(row["name"]).lower(), str(row["id"])))
    return Reading({"apps": rows}, result={"apps": len(rows)})


def _products(values: Values) -> list[dict[str, Any]]:
    named = [node for node in values if node.startswith(MSI + "/") and node.endswith("/Name")]
    return [row for node in named if (row := _product(values, node.removesuffix("/Name")))["name"]]


def _product(values: Values, node: str) -> dict[str, Any]:
    return {
        "name": text(values, node + "/Name"),
        "version": text(values, node + "/Version"),
        "publisher": text(values, node + "/Publisher"),
        "id": tidy(unquote(node.removeprefix(MSI + "/"))),
        "source": "msi",
    }


def _packages(values: Values, root: str, source: str) -> list[dict[str, Any]]:
    families = [node for node in values if node.startswith(root + "/")]
    full = (tidy(unquote(name)) for node in families for name in children(values, node))
    return [row for name in full if (row := _package(name, source))]


def _package(full: str, source: str) -> dict[str, Any]:
    """A package's full name is <name>_<version>_<architecture>_<resource>_<publisher hash>; other children are not."""
    parts = full.split("_")
    if len(parts) != 5:
        return {}
    name, version, architecture, _, publisher = parts
    found = {"name": name, "version": version, "architecture": architecture, "id": f"{name}_{publisher}"}
    return {**found, "source": source}


def more_certificates(values: Values) -> tuple[str, ...]:
    found = [f"{store}/{name}" for store in STORES for name in children(values, store) if _thumbprint(name)]
    return tuple(f"{node}/{each}" for node in found[:MOST_CERTIFICATES] for each in CERTIFICATE_FIELDS)


def _thumbprint(name: str) -> bool:
    return len(name) == 40 and all(character in "0123456789abcdefABCDEF" for character in name)


def certificates(values: Values, about: Device) -> Reading:
    nodes = dict.fromkeys(node.rpartition("/")[0] for node in values if node.endswith("/IssuedTo"))
    rows = [row for node in nodes if (row := _certificate(values, node))]
    return Reading({"certificates": rows}, result={"certificates": len(rows)})


def _certificate(values: Values, node: str) -> dict[str, Any]:
    store, _, thumbprint = node.rpartition("/")
    if store not in STORES or not _thumbprint(thumbprint):
        return {}
    return {
        "name": text(values, node + "/IssuedTo"),
        "issuer": text(values, node + "/IssuedBy"),
        "not_after": text(values, node + "/ValidTo", 64),
        "sha1": thumbprint.lower(),
        "store": STORES[store],
        "identity": store.endswith("MY/User"),
    }
