"""Networks and certificates of org units (chromepolicy.v1: networks:define*, networks:remove*).

A network that authenticates by certificate refers to it by its id, so the certificate is defined first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.core.errors import Unprocessable
from chalicelib.core.house import House
from chalicelib.platforms.chromeos import addresses, words
from chalicelib.platforms.chromeos.policy_batches import Target
from chalicelib.platforms.google.client import CHROME_POLICY, GoogleBusy, call

Kind = Literal["wifi", "ethernet", "cellular", "vpn"]
LONGEST_NAME = 128
LARGEST_CERTIFICATE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Network:
    """`details` is the value of chrome.networks.KIND.Details, `more` other schemas of that namespace."""

    name: str
    kind: Kind
    details: Mapping[str, Any]
    more: Mapping[str, Mapping[str, Any]] | None = None

    def settings(self) -> list[dict[str, Any]]:
        namespace = f"chrome.networks.{self.kind}."
        schemas = {"Details": self.details, **(self.more or {})}
        return [{"policySchema": namespace + leaf, "value": dict(value)} for leaf, value in schemas.items()]


def define(house: House, target: Target, network: Network) -> str:
    """The id of the new network."""
    if not network.name.strip() or len(network.name) > LONGEST_NAME:
        raise Unprocessable(f"The name of a network has 1 to {LONGEST_NAME} characters.")
    body = {"targetResource": _org_unit(target), "name": network.name, "settings": network.settings()}
    return _id(call(house, CHROME_POLICY, "POST", addresses.policies(house, "networks:defineNetwork"), {}, body))


def define_certificate(house: House, target: Target, pem: str, settings: Mapping[str, Mapping[str, Any]]) -> str:
    """The id of the certificate; `settings` by the last part of their schema in chrome.networks.certificates."""
    if "-----BEGIN CERTIFICATE-----" not in pem or len(pem) > LARGEST_CERTIFICATE:
        raise Unprocessable("A certificate in PEM is expected.")
    wire = [{"policySchema": f"chrome.networks.certificates.{leaf}", "value": dict(value)}
            for leaf, value in settings.items()]  # fmt: skip
    body = {"targetResource": _org_unit(target), "certificate": pem, **({"settings": wire} if wire else {})}
    return _id(call(house, CHROME_POLICY, "POST", addresses.policies(house, "networks:defineCertificate"), {}, body))


def remove(house: House, target: Target, network_id: str) -> None:
    """Only where it was defined."""
    _remove(house, "networks:removeNetwork", target, network_id)


def remove_certificate(house: House, target: Target, network_id: str) -> None:
    """Google refuses while a network refers to it."""
    _remove(house, "networks:removeCertificate", target, network_id)


def _remove(house: House, method: str, target: Target, network_id: str) -> None:
    body = {"targetResource": _org_unit(target), "networkId": network_id}
    call(house, CHROME_POLICY, "POST", addresses.policies(house, method), {}, body)


def _org_unit(target: Target) -> str:
    if target.group or target.keys:
        raise Unprocessable("Networks are defined for an org unit: orgunits/ID.")
    return target.resource


def _id(told: Mapping[str, Any]) -> str:
    if not (found := words.text(told, "networkId")):
        raise GoogleBusy("Google took it and told no id for it.")
    return found
