"""Rules of deviceConnectivityManagement and the global proxy."""

from collections.abc import Iterator, Mapping

from chalicelib.platforms.android.policy.connectivity import (
    PreferentialNetworkServiceSettings,
    PrivateDnsSettings,
    WifiSsidPolicy,
)
from chalicelib.platforms.android.policy.rule import Rule, repeated
from chalicelib.platforms.android.policy.settings import Settings

_PLACE = "deviceConnectivityManagement"
_SLICES = f"{_PLACE}.preferentialNetworkServiceSettings"


def _slices(policy: Settings) -> PreferentialNetworkServiceSettings | None:
    management = policy.device_connectivity_management
    return management.preferential_network_service_settings if management else None


def _private_dns(policy: Settings) -> Iterator[str]:
    management = policy.device_connectivity_management
    dns = (management and management.private_dns_settings) or PrivateDnsSettings()
    if (dns.private_dns_mode == "PRIVATE_DNS_SPECIFIED_HOST") != (dns.private_dns_host is not None):
        yield f"{_PLACE}.privateDnsSettings.privateDnsHost"


def _ssids(policy: Settings) -> Iterator[str]:
    management = policy.device_connectivity_management
    ssids = (management and management.wifi_ssid_policy) or WifiSsidPolicy()
    empty = not ssids.wifi_ssids
    if empty if ssids.wifi_ssid_policy_type == "WIFI_SSID_ALLOWLIST" else not (empty or ssids.wifi_ssid_policy_type):
        yield f"{_PLACE}.wifiSsidPolicy.wifiSsids"


def _roaming(policy: Settings) -> Iterator[str]:
    management = policy.device_connectivity_management
    roaming = management.wifi_roaming_policy if management else None
    again = repeated(each.wifi_ssid for each in (roaming and roaming.wifi_roaming_settings) or ())
    return (f"{_PLACE}.wifiRoamingPolicy.wifiRoamingSettings.{index}.wifiSsid" for index in again)


def _slice_ids(policy: Settings) -> Iterator[str]:
    slices = _slices(policy)
    configs = slices.preferential_network_service_configs if slices else ()
    again = set(repeated(config.preferential_network_id for config in configs))
    for index, config in enumerate(configs):
        if index in again or config.preferential_network_id == "NO_PREFERENTIAL_NETWORK":
            yield f"{_SLICES}.preferentialNetworkServiceConfigs.{index}.preferentialNetworkId"


def _slice_absent(policy: Settings) -> Iterator[str]:
    slices = _slices(policy)
    configs = slices.preferential_network_service_configs if slices else ()
    known: set[str | None] = {"NO_PREFERENTIAL_NETWORK", None, *(each.preferential_network_id for each in configs)}
    if slices and slices.default_preferential_network_id not in known:
        yield f"{_SLICES}.defaultPreferentialNetworkId"
    for index, app in enumerate(policy.applications or ()):
        if app.preferential_network_id not in known:
            yield f"applications.{index}.preferentialNetworkId"


def _slice_fallback(policy: Settings) -> Iterator[str]:
    slices = _slices(policy)
    for index, config in enumerate(slices.preferential_network_service_configs if slices else ()):
        strict = config.non_matching_networks == "NON_MATCHING_NETWORKS_DISALLOWED"
        if strict and config.fallback_to_default_connection != "FALLBACK_TO_DEFAULT_CONNECTION_DISALLOWED":
            yield f"{_SLICES}.preferentialNetworkServiceConfigs.{index}.fallbackToDefaultConnection"


def _slice_once(policy: Settings) -> Iterator[str]:
    if _slices(policy) and policy.preferential_network_service:
        yield "preferentialNetworkService"


def _access_points(policy: Settings) -> Iterator[str]:
    management = policy.device_connectivity_management
    access = management.apn_policy if management else None
    again = repeated(each.address() for each in (access and access.apn_settings) or ())
    return (f"{_PLACE}.apnPolicy.apnSettings.{index}" for index in again)


def _proxy(policy: Settings) -> Iterator[str]:
    proxy = policy.recommended_global_proxy
    if proxy is not None:
        direct = [proxy.host is not None, proxy.port is not None]
        extra = bool(proxy.excluded_hosts) and not any(direct)
        if any(direct) == (proxy.pac_uri is not None) or any(direct) != all(direct) or extra:
            yield "recommendedGlobalProxy"


RULES: Mapping[str, Rule] = {
    "private-dns": Rule("it goes with PRIVATE_DNS_SPECIFIED_HOST, and only with it", _private_dns),
    "ssid-list": Rule("an allow list must name networks, and a list needs wifiSsidPolicyType", _ssids),
    "roaming-once": Rule("a network stands once", _roaming),
    "slice-once": Rule("each configuration has a network id of its own, and not NO_PREFERENTIAL_NETWORK", _slice_ids),
    "slice-here": Rule(
        "the network id must stand in deviceConnectivityManagement.preferentialNetworkServiceSettings", _slice_absent
    ),
    "slice-fallback": Rule("NON_MATCHING_NETWORKS_DISALLOWED needs the fallback to be disallowed too", _slice_fallback),
    "slice-service": Rule("preferentialNetworkServiceSettings overrides it", _slice_once),
    "apn-once": Rule("it conflicts with an access point before it", _access_points),
    "global-proxy": Rule("either host and port (and excludedHosts), or pacUri", _proxy),
}
