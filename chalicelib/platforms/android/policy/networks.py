"""openNetworkConfiguration: Wi-Fi networks and their certificates.

Source: the part of Open Network Configuration (chromium onc_spec.md) that Google's guide "Configure networks" of the
Android Management API says it supports; the discovery document leaves the object open.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, SecretStr, StringConstraints
from pydantic.alias_generators import to_pascal

from chalicelib.platforms.android.policy.group import Group, Hidden, Many, Port, Text, decoded


def _certificate(text: str) -> str:
    body = text.replace("-----BEGIN CERTIFICATE-----", "").replace("-----END CERTIFICATE-----", "")
    if not decoded(body):
        raise ValueError("a certificate is expected: DER in base64, or PEM")
    return text


def _key_store(secret: SecretStr) -> SecretStr:
    if not decoded(secret.get_secret_value()):
        raise ValueError("a PKCS #12 file in base64 is expected")
    return secret


Guid = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class OncGroup(Group):
    model_config = ConfigDict(alias_generator=to_pascal)


class ProxyLocation(OncGroup):
    host: Text
    port: Port


class ManualProxy(OncGroup):
    http_proxy: ProxyLocation | None = Field(None, alias="HTTPProxy")
    secure_http_proxy: ProxyLocation | None = Field(None, alias="SecureHTTPProxy")


class ProxySettings(OncGroup):
    type: Literal["Manual", "PAC"]
    manual: ManualProxy | None = None
    pac: Text | None = Field(None, alias="PAC")
    exclude_domains: Many[Text] | None = None


class Eap(OncGroup):
    anonymous_identity: Text | None = None
    client_cert_key_pair_alias: Text | None = None
    client_cert_ref: Guid | None = None
    client_cert_type: Literal["Ref", "KeyPairAlias"] | None = None
    domain_suffix_match: Many[Text] | None = None
    identity: Text | None = None
    inner: Literal["MSCHAPv2", "PAP"] | None = None
    outer: Literal["EAP-AKA", "EAP-TLS", "EAP-TTLS", "EAP-SIM", "PEAP"]
    password: Hidden | None = None
    server_ca_ref: Guid | None = Field(None, alias="ServerCARef")
    server_ca_refs: Many[Guid] | None = Field(None, alias="ServerCARefs")


class WiFi(OncGroup):
    auto_connect: bool | None = None
    eap: Eap | None = Field(None, alias="EAP")
    hex_ssid: Annotated[str, StringConstraints(pattern="^([0-9A-Fa-f]{2}){1,32}$")] | None = Field(
        None, alias="HexSSID"
    )
    hidden_ssid: bool | None = Field(None, alias="HiddenSSID")
    mac_address_randomization_mode: Literal["Hardware", "Automatic"] | None = Field(
        None, alias="MACAddressRandomizationMode"
    )
    passphrase: Hidden | None = None
    security: Literal["None", "WEP-PSK", "WPA-PSK", "WPA-EAP", "WEP-8021X", "WPA3-Enterprise_192"]
    ssid: Text | None = Field(None, alias="SSID")


class NetworkConfiguration(OncGroup):
    guid: Guid = Field(alias="GUID")
    name: Text
    proxy_settings: ProxySettings | None = None
    type: Literal["WiFi"]
    wifi: WiFi = Field(alias="WiFi")


class Certificate(OncGroup):
    guid: Guid = Field(alias="GUID")
    type: Literal["Client", "Server", "Authority"]
    x509: Annotated[str, AfterValidator(_certificate)] | None = Field(None, alias="X509")
    pkcs12: Annotated[Hidden, AfterValidator(_key_store)] | None = Field(None, alias="PKCS12")


class OpenNetworkConfiguration(OncGroup):
    type: Literal["UnencryptedConfiguration"] | None = None
    network_configurations: Many[NetworkConfiguration] | None = None
    certificates: Many[Certificate] | None = None
