"""deviceConnectivityManagement.apnPolicy: access points of the mobile network (schema ApnPolicy)."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.platforms.android.policy.group import Count, Group, Hidden, Many, Text, Unlike

ApnType = Literal[
    "ENTERPRISE", "BIP", "CBS", "DEFAULT", "DUN", "EMERGENCY", "FOTA", "HIPRI",
    "IA", "IMS", "MCX", "MMS", "RCS", "SUPL", "VSIM", "XCAP",
]  # fmt: skip
Radio = Literal[
    "EDGE", "GPRS", "GSM", "HSDPA", "HSPA", "HSPAP", "HSUPA", "IWLAN", "LTE", "NR", "TD_SCDMA", "UMTS",
]  # fmt: skip
Protocol = Literal["IP", "IPV4V6", "IPV6", "NON_IP", "PPP", "UNSTRUCTURED"]
ProxyPort = Annotated[int, Field(ge=0, le=65_535)]


class ApnSetting(Group):
    always_on_setting: Literal["NOT_ALWAYS_ON", "ALWAYS_ON"] | None = None
    apn: Text
    apn_types: Annotated[Many[ApnType], Field(min_length=1), Unlike]
    auth_type: Literal["NONE", "PAP", "CHAP", "PAP_OR_CHAP"] | None = None
    carrier_id: Count | None = None
    display_name: Text
    mms_proxy_address: Text | None = None
    mms_proxy_port: ProxyPort | None = None
    mmsc: Text | None = None
    mtu_v4: Count | None = None
    mtu_v6: Count | None = None
    mvno_type: Literal["GID", "ICCID", "IMSI", "SPN"] | None = None
    network_types: Annotated[Many[Radio], Unlike] | None = None
    numeric_operator_id: Annotated[str, StringConstraints(pattern="^[0-9]{5,6}$")] | None = None
    password: Hidden | None = None
    protocol: Protocol | None = None
    proxy_address: Text | None = None
    proxy_port: ProxyPort | None = None
    roaming_protocol: Protocol | None = None
    username: Text | None = None

    def address(self) -> tuple[object, ...]:
        """Two settings that match on all of these conflict."""
        return (
            self.numeric_operator_id, self.apn, self.proxy_address, self.proxy_port, self.mms_proxy_address,
            self.mms_proxy_port, self.mmsc, self.mvno_type, self.protocol, self.roaming_protocol,
        )  # fmt: skip


class ApnPolicy(Group):
    apn_settings: Many[ApnSetting] | None = None
    override_apns: Literal["OVERRIDE_APNS_DISABLED", "OVERRIDE_APNS_ENABLED"] | None = None
