"""Rules of openNetworkConfiguration: a network never arrives without what it names, or weaker than the policy asks."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from chalicelib.platforms.android.policy.networks import Certificate, Eap, NetworkConfiguration, WiFi
from chalicelib.platforms.android.policy.placeholders import sampled
from chalicelib.platforms.android.policy.rule import Rule, repeated
from chalicelib.platforms.android.policy.settings import Settings

ENTERPRISE = ("WPA-EAP", "WEP-8021X", "WPA3-Enterprise_192")
SHARED = ("WEP-PSK", "WPA-PSK")
BY_SIM = ("EAP-SIM", "EAP-AKA")
HEX = frozenset("0123456789abcdefABCDEF")
STRENGTH = {"None": 0, "WEP-PSK": 1, "WPA-PSK": 1, "WEP-8021X": 2, "WPA-EAP": 2, "WPA3-Enterprise_192": 3}
LEVELS = {
    "OPEN_NETWORK_SECURITY": 0,
    "PERSONAL_NETWORK_SECURITY": 1,
    "ENTERPRISE_NETWORK_SECURITY": 2,
    "ENTERPRISE_BIT192_NETWORK_SECURITY": 3,
}
_PLACE = "openNetworkConfiguration"


def _networks(policy: Settings) -> Iterable[tuple[str, NetworkConfiguration]]:
    onc = policy.open_network_configuration
    networks = enumerate((onc and onc.network_configurations) or ())
    return ((f"{_PLACE}.NetworkConfigurations.{index}", network) for index, network in networks)


def _certificates(policy: Settings) -> Iterable[tuple[str, Certificate]]:
    onc = policy.open_network_configuration
    certificates = enumerate((onc and onc.certificates) or ())
    return ((f"{_PLACE}.Certificates.{index}", certificate) for index, certificate in certificates)


def _network(wrong: Callable[[NetworkConfiguration], bool], name: str) -> Callable[[Settings], Iterator[str]]:
    return lambda policy: (f"{place}.{name}" for place, network in _networks(policy) if wrong(network))


def _wifi(wrong: Callable[[WiFi], bool], name: str) -> Callable[[Settings], Iterator[str]]:
    return _network(lambda network: wrong(network.wifi), f"WiFi.{name}")


def _eap(wrong: Callable[[Eap], bool], name: str) -> Callable[[Settings], Iterator[str]]:
    return _wifi(lambda wifi: wifi.eap is not None and wrong(wifi.eap), f"EAP.{name}")


def _certificate(wrong: Callable[[Certificate], bool], name: str) -> Callable[[Settings], Iterator[str]]:
    return lambda policy: (f"{place}.{name}" for place, each in _certificates(policy) if wrong(each))


def _guids(policy: Settings) -> Iterator[str]:
    for named in (list(_networks(policy)), list(_certificates(policy))):
        yield from (f"{named[index][0]}.GUID" for index in repeated(each.guid for _, each in named))


def _references(eap: Eap) -> Iterator[tuple[str, str, str]]:
    """Name of the field, what it refers to, and the type that must have."""
    yield from [("ClientCertRef", eap.client_cert_ref, "Client")] if eap.client_cert_ref else []
    yield from [("ServerCARef", eap.server_ca_ref, "Authority")] if eap.server_ca_ref else []
    yield from ((f"ServerCARefs.{index}", guid, "Authority") for index, guid in enumerate(eap.server_ca_refs or ()))


def _absent(policy: Settings) -> Iterator[str]:
    types = {certificate.guid: certificate.type for _, certificate in _certificates(policy)}
    for place, network in _networks(policy):
        for name, guid, kind in _references(network.wifi.eap) if network.wifi.eap else ():
            if types.get(guid) != kind:
                yield f"{place}.WiFi.EAP.{name}"


def _unsafe(eap: Eap) -> bool:
    trusted = eap.server_ca_ref or eap.server_ca_refs
    return eap.outer not in BY_SIM and not (trusted and eap.domain_suffix_match)


def _passphrase_unfit(wifi: WiFi) -> bool:
    if wifi.passphrase is None or wifi.security not in SHARED:
        return False
    text = wifi.passphrase.get_secret_value()
    if text != sampled(text):
        return False  # its length is known once it is rendered, and then it is read again
    if wifi.security == "WEP-PSK":
        key = text.removeprefix("0x")
        return len(key) not in (10, 26) or not HEX.issuperset(key)
    size = len(text.encode())
    return not 8 <= size <= 63 and not (size == 64 and HEX.issuperset(text))


def _unnamed(wifi: WiFi) -> bool:
    if wifi.hex_ssid is None or wifi.ssid is None:
        return wifi.hex_ssid is None and wifi.ssid is None
    return bytes.fromhex(wifi.hex_ssid) != wifi.ssid.encode()


def _client_unfit(eap: Eap) -> bool:
    ref, alias, kind = eap.client_cert_ref, eap.client_cert_key_pair_alias, eap.client_cert_type
    named = {"Ref": ref and not alias, "KeyPairAlias": alias and not ref}.get(kind or "", not (ref or alias))
    return not named or (eap.outer == "EAP-TLS" and kind is None)


def _proxy_unfit(network: NetworkConfiguration) -> bool:
    proxy = network.proxy_settings
    if proxy is None:
        return False
    manual = proxy.manual is not None and bool(proxy.manual.http_proxy or proxy.manual.secure_http_proxy)
    return (proxy.type == "Manual", proxy.type == "PAC") != (manual, proxy.pac is not None)


def _too_weak(policy: Settings) -> Iterator[str]:
    level = policy.device_radio_state and policy.device_radio_state.minimum_wifi_security_level
    least = LEVELS[level] if level else 0
    weak = ((place, network) for place, network in _networks(policy) if STRENGTH[network.wifi.security] < least)
    return (f"{place}.WiFi.Security" for place, _ in weak)


def _denied(policy: Settings) -> Iterator[str]:
    connectivity = policy.device_connectivity_management
    ssids = connectivity.wifi_ssid_policy if connectivity else None
    if ssids and ssids.wifi_ssid_policy_type:
        listed = {each.wifi_ssid for each in ssids.wifi_ssids or ()}
        wanted = ssids.wifi_ssid_policy_type == "WIFI_SSID_ALLOWLIST"
        for place, network in _networks(policy):
            if network.wifi.ssid is not None and (network.wifi.ssid in listed) != wanted:
                yield f"{place}.WiFi.SSID"


def _cut_off(policy: Settings) -> Iterator[str]:
    connectivity, radio = policy.device_connectivity_management, policy.device_radio_state
    off = radio is not None and radio.wifi_state == "WIFI_DISABLED"
    locked = connectivity is not None and connectivity.configure_wifi == "DISALLOW_CONFIGURING_WIFI"
    if locked and not off and not list(_networks(policy)):
        yield "deviceConnectivityManagement.configureWifi"


RULES: Mapping[str, Rule] = {
    "guid-once": Rule("a GUID stands once", _guids),
    "certificate-here": Rule(
        "the certificate must stand in Certificates of this document, with the type Client or Authority", _absent
    ),
    "server-trusted": Rule(
        "Android refuses an enterprise network without ServerCARefs and DomainSuffixMatch",
        _eap(_unsafe, "ServerCARefs"),
    ),
    "server-once": Rule(
        "use either ServerCARef or ServerCARefs",
        _eap(lambda eap: eap.server_ca_ref is not None and eap.server_ca_refs is not None, "ServerCARef"),
    ),
    "client-certificate": Rule(
        "EAP-TLS needs ClientCertType, Ref goes with ClientCertRef, KeyPairAlias with ClientCertKeyPairAlias",
        _eap(_client_unfit, "ClientCertType"),
    ),
    "tunnel": Rule(
        "EAP-TTLS needs an Inner method, only EAP-TTLS and PEAP have one",
        _eap(
            lambda eap: eap.inner is None if eap.outer == "EAP-TTLS" else bool(eap.inner) and eap.outer != "PEAP",
            "Inner",
        ),
    ),
    "passphrase-fits": Rule(
        "WEP-PSK and WPA-PSK need a passphrase, and only they",
        _wifi(lambda wifi: (wifi.security in SHARED) != (wifi.passphrase is not None), "Passphrase"),
    ),
    "passphrase-length": Rule(
        "WPA takes 8 to 63 characters or 64 hexadecimal digits, WEP 10 or 26 hexadecimal digits",
        _wifi(_passphrase_unfit, "Passphrase"),
    ),
    "eap-fits": Rule(
        "enterprise networks need EAP, and only they",
        _wifi(lambda wifi: (wifi.security in ENTERPRISE) != (wifi.eap is not None), "EAP"),
    ),
    "ssid": Rule("SSID or HexSSID is needed, and both must say the same", _wifi(_unnamed, "SSID")),
    "wifi-proxy": Rule("Manual needs Manual, PAC needs PAC, and nothing else", _network(_proxy_unfit, "ProxySettings")),
    "certificate-content": Rule(
        "a Client certificate is a PKCS12, the others are X509",
        _certificate(
            lambda each: (each.type == "Client", each.type != "Client") != (bool(each.pkcs12), bool(each.x509)), "Type"
        ),
    ),
    "wifi-strong-enough": Rule(
        "deviceRadioState.minimumWifiSecurityLevel forbids to connect to this network", _too_weak
    ),
    "wifi-allowed": Rule("deviceConnectivityManagement.wifiSsidPolicy forbids to connect to this network", _denied),
    "wifi-cut-off": Rule("without a network in openNetworkConfiguration this leaves devices without Wi-Fi", _cut_off),
}
