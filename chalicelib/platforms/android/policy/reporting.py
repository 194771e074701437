"""statusReportingSettings and usageLog: what the device tells."""

from typing import Annotated, Literal

from chalicelib.platforms.android.policy.group import Group, Many, Unlike

LogType = Literal["SECURITY_LOGS", "NETWORK_ACTIVITY_LOGS"]


class ApplicationReportingSettings(Group):
    include_removed_apps: bool | None = None


class StatusReportingSettings(Group):
    application_reporting_settings: ApplicationReportingSettings | None = None
    application_reports_enabled: bool | None = None
    common_criteria_mode_enabled: bool | None = None
    default_application_info_reporting_enabled: bool | None = None
    device_settings_enabled: bool | None = None
    display_info_enabled: bool | None = None
    hardware_status_enabled: bool | None = None
    memory_info_enabled: bool | None = None
    network_info_enabled: bool | None = None
    power_management_events_enabled: bool | None = None
    software_info_enabled: bool | None = None
    system_properties_enabled: bool | None = None


class UsageLog(Group):
    enabled_log_types: Annotated[Many[LogType], Unlike] | None = None
    upload_on_cellular_allowed: Annotated[Many[LogType], Unlike] | None = None
