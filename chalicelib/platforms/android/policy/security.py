"""advancedSecurityOverrides, keys and accounts, and the default apps that handle sensitive things."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.platforms.android.policy.group import Group, LowerEmail, Many, Package, Text, Unlike


class AdvancedSecurityOverrides(Group):
    common_criteria_mode: Literal["COMMON_CRITERIA_MODE_DISABLED", "COMMON_CRITERIA_MODE_ENABLED"] | None = None
    content_protection_policy: (
        Literal["CONTENT_PROTECTION_DISABLED", "CONTENT_PROTECTION_ENFORCED", "CONTENT_PROTECTION_USER_CHOICE"] | None
    ) = None
    developer_settings: Literal["DEVELOPER_SETTINGS_DISABLED", "DEVELOPER_SETTINGS_ALLOWED"] | None = None
    google_play_protect_verify_apps: Literal["VERIFY_APPS_ENFORCED", "VERIFY_APPS_USER_CHOICE"] | None = None
    mte_policy: Literal["MTE_USER_CHOICE", "MTE_ENFORCED", "MTE_DISABLED"] | None = None
    personal_apps_that_can_read_work_notifications: Many[Package] | None = None
    untrusted_apps_policy: (
        Literal["DISALLOW_INSTALL", "ALLOW_INSTALL_IN_PERSONAL_PROFILE_ONLY", "ALLOW_INSTALL_DEVICE_WIDE"] | None
    ) = None


class ChoosePrivateKeyRule(Group):
    package_names: Many[Package] | None = None
    private_key_alias: Text
    url_pattern: str | None = None


class WorkAccountSetupConfig(Group):
    authentication_type: Literal["AUTHENTICATION_TYPE_NOT_ENFORCED", "GOOGLE_AUTHENTICATED"] | None = None
    required_account_email: LowerEmail | None = None


class DefaultApplication(Group):
    package_name: Package


class DefaultApplicationSetting(Group):
    default_application_scopes: Annotated[
        Many[Literal["SCOPE_FULLY_MANAGED", "SCOPE_WORK_PROFILE", "SCOPE_PERSONAL_PROFILE"]],
        Field(min_length=1),
        Unlike,
    ]
    default_application_type: Literal[
        "DEFAULT_ASSISTANT",
        "DEFAULT_BROWSER",
        "DEFAULT_CALL_REDIRECTION",
        "DEFAULT_CALL_SCREENING",
        "DEFAULT_DIALER",
        "DEFAULT_HOME",
        "DEFAULT_SMS",
        "DEFAULT_WALLET",
    ]
    default_applications: Annotated[Many[DefaultApplication], Field(min_length=1), Unlike]
