"""What people see: kiosk, display, messages, first steps of the setup, preferred activities."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.platforms.android.policy.group import LONGEST_TEXT, Duration, Group, Many, Package, Text

_LANGUAGE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
Message = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]
Language = Annotated[str, StringConstraints(pattern=_LANGUAGE)]


class UserFacingMessage(Group):
    default_message: Message | None = None
    localized_messages: dict[Language, Message] | None = None


class LaunchAppAction(Group):
    package_name: Package


class SetupAction(Group):
    description: UserFacingMessage | None = None
    launch_app: LaunchAppAction
    title: UserFacingMessage | None = None


class KioskCustomization(Group):
    device_settings: Literal["SETTINGS_ACCESS_ALLOWED", "SETTINGS_ACCESS_BLOCKED"] | None = None
    power_button_actions: Literal["POWER_BUTTON_AVAILABLE", "POWER_BUTTON_BLOCKED"] | None = None
    status_bar: (
        Literal["NOTIFICATIONS_AND_SYSTEM_INFO_ENABLED", "NOTIFICATIONS_AND_SYSTEM_INFO_DISABLED", "SYSTEM_INFO_ONLY"]
        | None
    ) = None
    system_error_warnings: Literal["ERROR_AND_WARNINGS_ENABLED", "ERROR_AND_WARNINGS_MUTED"] | None = None
    system_navigation: Literal["NAVIGATION_ENABLED", "NAVIGATION_DISABLED", "HOME_BUTTON_ONLY"] | None = None


class ScreenBrightnessSettings(Group):
    screen_brightness: Annotated[int, Field(ge=0, le=255)] | None = None
    screen_brightness_mode: Literal["BRIGHTNESS_USER_CHOICE", "BRIGHTNESS_AUTOMATIC", "BRIGHTNESS_FIXED"] | None = None


class ScreenTimeoutSettings(Group):
    screen_timeout: Duration | None = None
    screen_timeout_mode: Literal["SCREEN_TIMEOUT_USER_CHOICE", "SCREEN_TIMEOUT_ENFORCED"] | None = None


class DisplaySettings(Group):
    screen_brightness_settings: ScreenBrightnessSettings | None = None
    screen_timeout_settings: ScreenTimeoutSettings | None = None


class PersistentPreferredActivity(Group):
    actions: Many[Text] | None = None
    categories: Many[Text] | None = None
    receiver_activity: Text
