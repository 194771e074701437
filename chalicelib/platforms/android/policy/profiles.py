"""The line between work and personal: personalUsagePolicies, crossProfilePolicies, crossDevicePolicies."""

from typing import Annotated, Literal

from pydantic import AfterValidator

from chalicelib.platforms.android.policy.connectivity import BluetoothSharing
from chalicelib.platforms.android.policy.group import Count, Group, Many, Package, Text

Handoff = Literal["TASK_CONTINUITY_HANDOFF_ALLOWED", "TASK_CONTINUITY_HANDOFF_DISALLOWED"]


def _days_off(days: int) -> int:
    if days in (1, 2):
        raise ValueError("at least 3 days, or 0 for no limit")
    return days


class PackageNameList(Group):
    package_names: Many[Package] | None = None


class PersonalApplicationPolicy(Group):
    install_type: Literal["BLOCKED", "AVAILABLE"] | None = None
    package_name: Package


class PersonalCrossDevicePolicies(Group):
    task_continuity_handoff: Handoff | None = None


class PersonalUsagePolicies(Group):
    account_types_with_management_disabled: Many[Text] | None = None
    bluetooth_sharing: BluetoothSharing | None = None
    camera_disabled: bool | None = None
    cross_device_policies: PersonalCrossDevicePolicies | None = None
    max_days_with_work_off: Annotated[Count, AfterValidator(_days_off)] | None = None
    personal_applications: Many[PersonalApplicationPolicy] | None = None
    personal_play_store_mode: Literal["BLOCKLIST", "ALLOWLIST"] | None = None
    private_space_policy: Literal["PRIVATE_SPACE_ALLOWED", "PRIVATE_SPACE_DISALLOWED"] | None = None
    screen_capture_disabled: bool | None = None


class CrossProfilePolicies(Group):
    cross_profile_app_functions: (
        Literal["CROSS_PROFILE_APP_FUNCTIONS_DISALLOWED", "CROSS_PROFILE_APP_FUNCTIONS_ALLOWED"] | None
    ) = None
    cross_profile_copy_paste: (
        Literal["COPY_FROM_WORK_TO_PERSONAL_DISALLOWED", "CROSS_PROFILE_COPY_PASTE_ALLOWED"] | None
    ) = None
    cross_profile_data_sharing: (
        Literal[
            "CROSS_PROFILE_DATA_SHARING_DISALLOWED",
            "DATA_SHARING_FROM_WORK_TO_PERSONAL_DISALLOWED",
            "CROSS_PROFILE_DATA_SHARING_ALLOWED",
        ]
        | None
    ) = None
    exemptions_to_show_work_contacts_in_personal_profile: PackageNameList | None = None
    show_work_contacts_in_personal_profile: (
        Literal[
            "SHOW_WORK_CONTACTS_IN_PERSONAL_PROFILE_DISALLOWED",
            "SHOW_WORK_CONTACTS_IN_PERSONAL_PROFILE_ALLOWED",
            "SHOW_WORK_CONTACTS_IN_PERSONAL_PROFILE_DISALLOWED_EXCEPT_SYSTEM",
        ]
        | None
    ) = None
    work_profile_widgets_default: (
        Literal["WORK_PROFILE_WIDGETS_DEFAULT_ALLOWED", "WORK_PROFILE_WIDGETS_DEFAULT_DISALLOWED"] | None
    ) = None


class CrossDevicePolicies(Group):
    nearby_app_streaming: (
        Literal[
            "NEARBY_APP_STREAMING_USER_CHOICE",
            "NEARBY_APP_STREAMING_DISABLED",
            "NEARBY_APP_STREAMING_USER_CHOICE_SAME_MANAGED_ACCOUNT",
        ]
        | None
    ) = None
    nearby_notification_streaming: (
        Literal[
            "NEARBY_NOTIFICATION_STREAMING_USER_CHOICE",
            "NEARBY_NOTIFICATION_STREAMING_DISABLED",
            "NEARBY_NOTIFICATION_STREAMING_USER_CHOICE_SAME_MANAGED_ACCOUNT",
        ]
        | None
    ) = None
    task_continuity_handoff: Handoff | None = None
