"""The whole policy: every field of Google's schema Policy (androidmanagement v1) that Muster owns."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.platforms.android.policy.apps import ApplicationPolicy, PermissionGrant, PermissionPolicy
from chalicelib.platforms.android.policy.connectivity import (
    AlwaysOnVpnPackage,
    DeviceConnectivityManagement,
    DeviceRadioState,
    DeviceWidePolicies,
    ProxyInfo,
)
from chalicelib.platforms.android.policy.enforcement import PolicyEnforcementRule
from chalicelib.platforms.android.policy.group import Count, Email, Group, Many, Milliseconds, Text, Unlike
from chalicelib.platforms.android.policy.networks import OpenNetworkConfiguration
from chalicelib.platforms.android.policy.passwords import KeyguardFeature, PasswordRequirements
from chalicelib.platforms.android.policy.profiles import (
    CrossDevicePolicies,
    CrossProfilePolicies,
    PackageNameList,
    PersonalUsagePolicies,
)
from chalicelib.platforms.android.policy.reporting import StatusReportingSettings, UsageLog
from chalicelib.platforms.android.policy.screens import (
    DisplaySettings,
    KioskCustomization,
    PersistentPreferredActivity,
    SetupAction,
    UserFacingMessage,
)
from chalicelib.platforms.android.policy.security import (
    AdvancedSecurityOverrides,
    ChoosePrivateKeyRule,
    DefaultApplicationSetting,
    WorkAccountSetupConfig,
)
from chalicelib.platforms.android.policy.updates import SystemUpdate, UnifiedUpdatePolicy

MOST_APPS = 3000


class Settings(Group):
    account_types_with_management_disabled: Many[Text] | None = None
    adjust_volume_disabled: bool | None = None
    advanced_security_overrides: AdvancedSecurityOverrides | None = None
    always_on_vpn_package: AlwaysOnVpnPackage | None = None
    app_auto_update_policy: Literal["CHOICE_TO_THE_USER", "NEVER", "WIFI_ONLY", "ALWAYS"] | None = None
    app_functions: Literal["APP_FUNCTIONS_DISALLOWED", "APP_FUNCTIONS_ALLOWED"] | None = None
    applications: Annotated[Many[ApplicationPolicy], Field(max_length=MOST_APPS)] | None = None
    assist_content_policy: Literal["ASSIST_CONTENT_DISALLOWED", "ASSIST_CONTENT_ALLOWED"] | None = None
    auto_date_and_time_zone: (
        Literal["AUTO_DATE_AND_TIME_ZONE_USER_CHOICE", "AUTO_DATE_AND_TIME_ZONE_ENFORCED"] | None
    ) = None
    autofill_policy: Literal["AUTOFILL_USER_CHOICE", "AUTOFILL_DISABLED"] | None = None
    backup_service: Literal["BACKUP_SERVICE_DISABLED", "BACKUP_SERVICE_USER_CHOICE"] | None = None
    bluetooth_config_disabled: bool | None = None
    bluetooth_contact_sharing_disabled: bool | None = None
    bluetooth_disabled: bool | None = None
    camera_access: Literal["CAMERA_ACCESS_USER_CHOICE", "CAMERA_ACCESS_DISABLED", "CAMERA_ACCESS_ENFORCED"] | None = (
        None
    )
    cell_broadcasts_config_disabled: bool | None = None
    choose_private_key_rules: Many[ChoosePrivateKeyRule] | None = None
    create_windows_disabled: bool | None = None
    credential_provider_policy_default: (
        Literal[
            "CREDENTIAL_PROVIDER_DEFAULT_DISALLOWED",
            "CREDENTIAL_PROVIDER_DEFAULT_DISALLOWED_EXCEPT_SYSTEM",
            "CREDENTIAL_PROVIDER_DEFAULT_ALLOWED",
        ]
        | None
    ) = None
    credentials_config_disabled: bool | None = None
    cross_device_policies: CrossDevicePolicies | None = None
    cross_profile_policies: CrossProfilePolicies | None = None
    data_roaming_disabled: bool | None = None
    default_application_settings: Many[DefaultApplicationSetting] | None = None
    default_permission_policy: PermissionPolicy | None = None
    device_connectivity_management: DeviceConnectivityManagement | None = None
    device_owner_lock_screen_info: UserFacingMessage | None = None
    device_radio_state: DeviceRadioState | None = None
    device_wide_policies: DeviceWidePolicies | None = None
    display_settings: DisplaySettings | None = None
    encryption_policy: Literal["ENABLED_WITHOUT_PASSWORD", "ENABLED_WITH_PASSWORD"] | None = None
    enterprise_display_name_visibility: (
        Literal["ENTERPRISE_DISPLAY_NAME_VISIBLE", "ENTERPRISE_DISPLAY_NAME_HIDDEN"] | None
    ) = None
    factory_reset_disabled: bool | None = None
    frp_admin_emails: Many[Email] | None = None
    fun_disabled: bool | None = None
    install_apps_disabled: bool | None = None
    keyguard_disabled: bool | None = None
    keyguard_disabled_features: Annotated[Many[KeyguardFeature], Unlike] | None = None
    kiosk_custom_launcher_enabled: bool | None = None
    kiosk_customization: KioskCustomization | None = None
    location_mode: Literal["LOCATION_USER_CHOICE", "LOCATION_ENFORCED", "LOCATION_DISABLED"] | None = None
    long_support_message: UserFacingMessage | None = None
    maximum_time_to_lock: Milliseconds | None = None
    microphone_access: (
        Literal["MICROPHONE_ACCESS_USER_CHOICE", "MICROPHONE_ACCESS_DISABLED", "MICROPHONE_ACCESS_ENFORCED"] | None
    ) = None
    minimum_api_level: Count | None = None
    mobile_networks_config_disabled: bool | None = None
    modify_accounts_disabled: bool | None = None
    mount_physical_media_disabled: bool | None = None
    network_escape_hatch_enabled: bool | None = None
    network_reset_disabled: bool | None = None
    open_network_configuration: OpenNetworkConfiguration | None = None
    outgoing_beam_disabled: bool | None = None
    outgoing_calls_disabled: bool | None = None
    password_policies: Many[PasswordRequirements] | None = None
    permission_grants: Many[PermissionGrant] | None = None
    permitted_accessibility_services: PackageNameList | None = None
    permitted_input_methods: PackageNameList | None = None
    persistent_preferred_activities: Many[PersistentPreferredActivity] | None = None
    personal_usage_policies: PersonalUsagePolicies | None = None
    play_store_mode: Literal["WHITELIST", "BLACKLIST"] | None = None
    policy_enforcement_rules: Many[PolicyEnforcementRule] | None = None
    preferential_network_service: (
        Literal["PREFERENTIAL_NETWORK_SERVICE_DISABLED", "PREFERENTIAL_NETWORK_SERVICE_ENABLED"] | None
    ) = None
    printing_policy: Literal["PRINTING_DISALLOWED", "PRINTING_ALLOWED"] | None = None
    private_key_selection_enabled: bool | None = None
    recommended_global_proxy: ProxyInfo | None = None
    remove_user_disabled: bool | None = None
    screen_capture_disabled: bool | None = None
    set_user_icon_disabled: bool | None = None
    set_wallpaper_disabled: bool | None = None
    setup_actions: Annotated[Many[SetupAction], Field(max_length=1)] | None = None
    share_location_disabled: bool | None = None
    short_support_message: UserFacingMessage | None = None
    skip_first_use_hints_enabled: bool | None = None
    sms_disabled: bool | None = None
    status_reporting_settings: StatusReportingSettings | None = None
    stay_on_plugged_modes: Annotated[Many[Literal["AC", "USB", "WIRELESS"]], Unlike] | None = None
    system_update: SystemUpdate | None = None
    unified_update_policy: UnifiedUpdatePolicy | None = None
    uninstall_apps_disabled: bool | None = None
    usage_log: UsageLog | None = None
    vpn_config_disabled: bool | None = None
    wipe_data_flags: Annotated[Many[Literal["WIPE_ESIMS"]], Unlike] | None = None
    work_account_setup_config: WorkAccountSetupConfig | None = None
