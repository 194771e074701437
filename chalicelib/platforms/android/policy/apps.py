"""applications: what is installed, how it is set up, and what it may do (schema ApplicationPolicy)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.platforms.android.policy.group import Count, Group, Many, Package, Sha256, Text, Unlike

LONGEST_VALUE = 65_535
PermissionPolicy = Literal["PROMPT", "GRANT", "DENY"]
InstallType = Literal[
    "PREINSTALLED", "FORCE_INSTALLED", "BLOCKED", "AVAILABLE", "REQUIRED_FOR_SETUP", "KIOSK", "CUSTOM"
]
DelegatedScope = Literal[
    "CERT_INSTALL",
    "MANAGED_CONFIGURATIONS",
    "BLOCK_UNINSTALL",
    "PERMISSION_GRANT",
    "PACKAGE_ACCESS",
    "ENABLE_SYSTEM_APP",
    "NETWORK_ACTIVITY_LOGS",
    "SECURITY_LOGS",
    "CERT_SELECTION",
]
RoleType = Literal[
    "COMPANION_APP", "KIOSK", "MOBILE_THREAT_DEFENSE_ENDPOINT_DETECTION_RESPONSE", "SYSTEM_HEALTH_MONITORING"
]
NetworkId = Literal[
    "NO_PREFERENTIAL_NETWORK",
    "PREFERENTIAL_NETWORK_ID_ONE",
    "PREFERENTIAL_NETWORK_ID_TWO",
    "PREFERENTIAL_NETWORK_ID_THREE",
    "PREFERENTIAL_NETWORK_ID_FOUR",
    "PREFERENTIAL_NETWORK_ID_FIVE",
]


def _managed(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What ManagedProperty has types for: BOOL, STRING, INTEGER, CHOICE, MULTISELECT, BUNDLE, BUNDLE_ARRAY."""
    for value in values.values():
        if isinstance(value, Mapping):
            _managed(value)
        elif isinstance(value, list):
            _managed_list(value)
        elif not _scalar(value):
            raise ValueError(
                "a managed value is true or false, a whole number, text of at most 65,535 characters, "
                "a list of texts or of objects, or an object"
            )
    return values


def _managed_list(values: list[Any]) -> None:
    if all(isinstance(value, Mapping) for value in values):
        for value in values:
            _managed(value)
    elif not all(isinstance(value, str) and _scalar(value) for value in values):
        raise ValueError("a managed list holds texts only or objects only")


def _scalar(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and len(value) <= LONGEST_VALUE)


class PermissionGrant(Group):
    permission: Text
    policy: PermissionPolicy


class CustomAppConfig(Group):
    user_uninstall_settings: Literal["DISALLOW_UNINSTALL_BY_USER", "ALLOW_UNINSTALL_BY_USER"] | None = None


class InstallConstraint(Group):
    charging_constraint: Literal["CHARGING_NOT_REQUIRED", "INSTALL_ONLY_WHEN_CHARGING"] | None = None
    device_idle_constraint: Literal["DEVICE_IDLE_NOT_REQUIRED", "INSTALL_ONLY_WHEN_DEVICE_IDLE"] | None = None
    network_type_constraint: Literal["INSTALL_ON_ANY_NETWORK", "INSTALL_ONLY_ON_UNMETERED_NETWORK"] | None = None


class ManagedConfigurationTemplate(Group):
    configuration_variables: dict[str, str] | None = None
    template_id: Annotated[str, StringConstraints(pattern="^[0-9]{1,32}$")]


class ExtraCapabilities(Group):
    local_device_wipe_command: (
        Literal["LOCAL_DEVICE_WIPE_COMMAND_DISALLOWED", "LOCAL_DEVICE_WIPE_COMMAND_ALLOWED"] | None
    ) = None


class Role(Group):
    extra_capabilities: ExtraCapabilities | None = None
    role_type: RoleType


class ApplicationSigningKeyCert(Group):
    signing_key_cert_fingerprint_sha256: Sha256


class ApplicationPolicy(Group):
    accessible_track_ids: Many[Text] | None = None
    always_on_vpn_lockdown_exemption: Literal["VPN_LOCKDOWN_ENFORCED", "VPN_LOCKDOWN_EXEMPTION"] | None = None
    auto_update_mode: Literal["AUTO_UPDATE_DEFAULT", "AUTO_UPDATE_POSTPONED", "AUTO_UPDATE_HIGH_PRIORITY"] | None = None
    connected_work_and_personal_app: (
        Literal["CONNECTED_WORK_AND_PERSONAL_APP_DISALLOWED", "CONNECTED_WORK_AND_PERSONAL_APP_ALLOWED"] | None
    ) = None
    credential_provider_policy: Literal["CREDENTIAL_PROVIDER_ALLOWED", "CREDENTIAL_PROVIDER_DISALLOWED"] | None = None
    custom_app_config: CustomAppConfig | None = None
    default_permission_policy: PermissionPolicy | None = None
    delegated_scopes: Annotated[Many[DelegatedScope], Unlike] | None = None
    disabled: bool | None = None
    install_constraint: Annotated[Many[InstallConstraint], Field(max_length=1)] | None = None
    install_priority: Annotated[int, Field(ge=0, le=10_000)] | None = None
    install_type: InstallType | None = None
    managed_configuration: Annotated[dict[str, Any], AfterValidator(_managed)] | None = None
    managed_configuration_template: ManagedConfigurationTemplate | None = None
    minimum_version_code: Count | None = None
    package_name: Package
    permission_grants: Many[PermissionGrant] | None = None
    preferential_network_id: NetworkId | None = None
    roles: Many[Role] | None = None
    signing_key_certs: Many[ApplicationSigningKeyCert] | None = None
    user_control_settings: Literal["USER_CONTROL_ALLOWED", "USER_CONTROL_DISALLOWED"] | None = None
    work_profile_widgets: Literal["WORK_PROFILE_WIDGETS_ALLOWED", "WORK_PROFILE_WIDGETS_DISALLOWED"] | None = None

    def holds(self, role: str) -> bool:
        return any(each.role_type == role for each in self.roles or ())
