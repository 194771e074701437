"""How the device connects: Wi-Fi, USB, tethering, radio, private DNS, slices, VPN and proxy."""

from typing import Literal

from pydantic import Field

from chalicelib.platforms.android.policy.access_points import ApnPolicy
from chalicelib.platforms.android.policy.apps import NetworkId
from chalicelib.platforms.android.policy.group import Group, Many, Package, Port, Text

BluetoothSharing = Literal["BLUETOOTH_SHARING_ALLOWED", "BLUETOOTH_SHARING_DISALLOWED"]
Nfc = Literal["NFC_USER_CHOICE", "NFC_DISABLED"]


class PreferentialNetworkServiceConfig(Group):
    fallback_to_default_connection: (
        Literal["FALLBACK_TO_DEFAULT_CONNECTION_ALLOWED", "FALLBACK_TO_DEFAULT_CONNECTION_DISALLOWED"] | None
    ) = None
    non_matching_networks: Literal["NON_MATCHING_NETWORKS_ALLOWED", "NON_MATCHING_NETWORKS_DISALLOWED"] | None = None
    preferential_network_id: NetworkId


class PreferentialNetworkServiceSettings(Group):
    default_preferential_network_id: NetworkId
    preferential_network_service_configs: Many[PreferentialNetworkServiceConfig] = Field(min_length=1)


class PrivateDnsSettings(Group):
    private_dns_host: Text | None = None
    private_dns_mode: (
        Literal["PRIVATE_DNS_USER_CHOICE", "PRIVATE_DNS_AUTOMATIC", "PRIVATE_DNS_SPECIFIED_HOST"] | None
    ) = None


class WifiRoamingSetting(Group):
    wifi_roaming_mode: Literal["WIFI_ROAMING_DISABLED", "WIFI_ROAMING_DEFAULT", "WIFI_ROAMING_AGGRESSIVE"]
    wifi_ssid: Text


class WifiRoamingPolicy(Group):
    wifi_roaming_settings: Many[WifiRoamingSetting] | None = None


class WifiSsid(Group):
    wifi_ssid: Text


class WifiSsidPolicy(Group):
    wifi_ssid_policy_type: Literal["WIFI_SSID_DENYLIST", "WIFI_SSID_ALLOWLIST"] | None = None
    wifi_ssids: Many[WifiSsid] | None = None


class DeviceConnectivityManagement(Group):
    apn_policy: ApnPolicy | None = None
    bluetooth_sharing: BluetoothSharing | None = None
    configure_wifi: (
        Literal["ALLOW_CONFIGURING_WIFI", "DISALLOW_ADD_WIFI_CONFIG", "DISALLOW_CONFIGURING_WIFI"] | None
    ) = None
    preferential_network_service_settings: PreferentialNetworkServiceSettings | None = None
    private_dns_settings: PrivateDnsSettings | None = None
    tethering_settings: Literal["ALLOW_ALL_TETHERING", "DISALLOW_WIFI_TETHERING", "DISALLOW_ALL_TETHERING"] | None = (
        None
    )
    usb_data_access: (
        Literal["ALLOW_USB_DATA_TRANSFER", "DISALLOW_USB_FILE_TRANSFER", "DISALLOW_USB_DATA_TRANSFER"] | None
    ) = None
    wifi_direct_settings: Literal["ALLOW_WIFI_DIRECT", "DISALLOW_WIFI_DIRECT"] | None = None
    wifi_roaming_policy: WifiRoamingPolicy | None = None
    wifi_ssid_policy: WifiSsidPolicy | None = None


class DeviceRadioState(Group):
    airplane_mode_state: Literal["AIRPLANE_MODE_USER_CHOICE", "AIRPLANE_MODE_DISABLED"] | None = None
    cellular_two_g_state: Literal["CELLULAR_TWO_G_USER_CHOICE", "CELLULAR_TWO_G_DISABLED"] | None = None
    minimum_wifi_security_level: (
        Literal[
            "OPEN_NETWORK_SECURITY",
            "PERSONAL_NETWORK_SECURITY",
            "ENTERPRISE_NETWORK_SECURITY",
            "ENTERPRISE_BIT192_NETWORK_SECURITY",
        ]
        | None
    ) = None
    nfc: Nfc | None = None
    ultra_wideband_state: Literal["ULTRA_WIDEBAND_USER_CHOICE", "ULTRA_WIDEBAND_DISABLED"] | None = None
    user_initiated_add_esim_settings: (
        Literal["USER_INITIATED_ADD_ESIM_ALLOWED", "USER_INITIATED_ADD_ESIM_DISALLOWED"] | None
    ) = None
    wifi_state: Literal["WIFI_STATE_USER_CHOICE", "WIFI_ENABLED", "WIFI_DISABLED"] | None = None


class DeviceWideRadioState(Group):
    nfc: Nfc | None = None


class DeviceWidePolicies(Group):
    device_radio_state: DeviceWideRadioState | None = None


class AlwaysOnVpnPackage(Group):
    lockdown_enabled: bool | None = None
    package_name: Package


class ProxyInfo(Group):
    excluded_hosts: Many[Text] | None = None
    host: Text | None = None
    pac_uri: Text | None = None
    port: Port | None = None
