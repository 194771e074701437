"""Rules of passwords, kiosk, display, messages, accounts, profiles and reports."""

from collections.abc import Iterator, Mapping

from chalicelib.platforms.android.policy.group import seconds
from chalicelib.platforms.android.policy.passwords import PasswordRequirements
from chalicelib.platforms.android.policy.rule import Rule, repeated
from chalicelib.platforms.android.policy.screens import DisplaySettings, UserFacingMessage
from chalicelib.platforms.android.policy.settings import Settings

SHORT_MESSAGE = 200
UNIFIED_IN = ("SCOPE_PROFILE",)
WITH_COUNTS = ("COMPLEX",)
WITH_LENGTH = ("NUMERIC", "NUMERIC_COMPLEX", "ALPHABETIC", "ALPHANUMERIC", "COMPLEX")
COMPOSITION = {
    "password_minimum_letters": "passwordMinimumLetters",
    "password_minimum_lower_case": "passwordMinimumLowerCase",
    "password_minimum_non_letter": "passwordMinimumNonLetter",
    "password_minimum_numeric": "passwordMinimumNumeric",
    "password_minimum_symbols": "passwordMinimumSymbols",
    "password_minimum_upper_case": "passwordMinimumUpperCase",
}


def _passwords(policy: Settings) -> Iterator[tuple[str, PasswordRequirements]]:
    return ((f"passwordPolicies.{index}", each) for index, each in enumerate(policy.password_policies or ()))


def _scopes(policy: Settings) -> Iterator[str]:
    again = repeated(each.password_scope or "" for _, each in _passwords(policy))
    return (f"passwordPolicies.{index}.passwordScope" for index in again)


def _composition(policy: Settings) -> Iterator[str]:
    for place, each in _passwords(policy):
        if each.password_quality not in WITH_COUNTS:
            yield from (f"{place}.{COMPOSITION[name]}" for name in COMPOSITION if getattr(each, name))
        if each.password_minimum_length and each.password_quality not in WITH_LENGTH:
            yield f"{place}.passwordMinimumLength"


def _unified(policy: Settings) -> Iterator[str]:
    for place, each in _passwords(policy):
        if each.unified_lock_settings and each.password_scope not in UNIFIED_IN:
            yield f"{place}.unifiedLockSettings"


def _no_kiosk(policy: Settings) -> Iterator[str]:
    apps = policy.applications or ()
    kiosk = policy.kiosk_custom_launcher_enabled or any(
        app.install_type == "KIOSK" or app.holds("KIOSK") for app in apps
    )
    if policy.kiosk_customization and not kiosk:
        yield "kioskCustomization"


def _no_home(policy: Settings) -> Iterator[str]:
    kiosk = policy.kiosk_customization
    shown = kiosk is not None and kiosk.status_bar == "NOTIFICATIONS_AND_SYSTEM_INFO_ENABLED"
    if kiosk and shown and kiosk.system_navigation not in ("NAVIGATION_ENABLED", "HOME_BUTTON_ONLY"):
        yield "kioskCustomization.statusBar"


def _awake(policy: Settings) -> Iterator[str]:
    if policy.stay_on_plugged_modes and int(policy.maximum_time_to_lock or 0):
        yield "stayOnPluggedModes"


def _brightness(policy: Settings) -> Iterator[str]:
    bright = (policy.display_settings or DisplaySettings()).screen_brightness_settings
    if bright is None:
        return
    choice = bright.screen_brightness_mode in (None, "BRIGHTNESS_USER_CHOICE")
    if bright.screen_brightness if choice else _needed(bright.screen_brightness_mode, bright.screen_brightness):
        yield "displaySettings.screenBrightnessSettings.screenBrightness"


def _needed(mode: str | None, value: int | None) -> bool:
    return mode == "BRIGHTNESS_FIXED" and not value


def _timeout(policy: Settings) -> Iterator[str]:
    screen = (policy.display_settings or DisplaySettings()).screen_timeout_settings
    if screen is None:
        return
    longest = int(policy.maximum_time_to_lock or 0) / 1000
    length = seconds(screen.screen_timeout or "0s")
    enforced = screen.screen_timeout_mode == "SCREEN_TIMEOUT_ENFORCED"
    if enforced != (length > 0) or (screen.screen_timeout and not length) or (longest and length > longest):
        yield "displaySettings.screenTimeoutSettings.screenTimeout"


def _messages(policy: Settings) -> Iterator[tuple[str, UserFacingMessage | None]]:
    yield "deviceOwnerLockScreenInfo", policy.device_owner_lock_screen_info
    yield "longSupportMessage", policy.long_support_message
    yield "shortSupportMessage", policy.short_support_message
    for index, action in enumerate(policy.setup_actions or ()):
        yield f"setupActions.{index}.description", action.description
        yield f"setupActions.{index}.title", action.title


def _no_message(policy: Settings) -> Iterator[str]:
    for place, message in _messages(policy):
        if message and message.localized_messages and not message.default_message:
            yield f"{place}.defaultMessage"


def _long_message(policy: Settings) -> Iterator[str]:
    message = policy.short_support_message or UserFacingMessage()
    texts = [message.default_message or "", *(message.localized_messages or {}).values()]
    if any(len(text) > SHORT_MESSAGE for text in texts):
        yield "shortSupportMessage"


def _account(policy: Settings) -> Iterator[str]:
    account = policy.work_account_setup_config
    if account and account.required_account_email and account.authentication_type != "GOOGLE_AUTHENTICATED":
        yield "workAccountSetupConfig.requiredAccountEmail"


def _exemptions(policy: Settings) -> Iterator[str]:
    cross = policy.cross_profile_policies
    exempt = cross and cross.exemptions_to_show_work_contacts_in_personal_profile
    if cross and exempt and not cross.show_work_contacts_in_personal_profile:
        yield "crossProfilePolicies.exemptionsToShowWorkContactsInPersonalProfile"


def _functions(policy: Settings) -> Iterator[str]:
    cross = policy.cross_profile_policies
    across = cross is not None and cross.cross_profile_app_functions == "CROSS_PROFILE_APP_FUNCTIONS_ALLOWED"
    if across and policy.app_functions == "APP_FUNCTIONS_DISALLOWED":
        yield "crossProfilePolicies.crossProfileAppFunctions"


def _personal_twice(policy: Settings) -> Iterator[str]:
    personal = policy.personal_usage_policies
    again = repeated(app.package_name for app in (personal and personal.personal_applications) or ())
    return (f"personalUsagePolicies.personalApplications.{index}.packageName" for index in again)


def _no_reports(policy: Settings) -> Iterator[str]:
    reports = policy.status_reporting_settings
    if reports and reports.application_reporting_settings and not reports.application_reports_enabled:
        yield "statusReportingSettings.applicationReportingSettings"


def _no_log(policy: Settings) -> Iterator[str]:
    log = policy.usage_log
    for index, name in enumerate((log and log.upload_on_cellular_allowed) or ()):
        if name not in ((log and log.enabled_log_types) or ()):
            yield f"usageLog.uploadOnCellularAllowed.{index}"


RULES: Mapping[str, Rule] = {
    "password-scope-once": Rule("one element only for each scope", _scopes),
    "password-composition": Rule(
        "Android enforces counts with COMPLEX only, a length with NUMERIC or more, with COMPLEXITY nothing",
        _composition,
    ),
    "password-unified": Rule("it needs passwordScope SCOPE_PROFILE", _unified),
    "kiosk-on": Rule("it needs kioskCustomLauncherEnabled or a kiosk app", _no_kiosk),
    "kiosk-home": Rule("notifications need the home button: systemNavigation", _no_home),
    "stay-awake": Rule("a device does not stay on where maximumTimeToLock locks it", _awake),
    "brightness": Rule("BRIGHTNESS_FIXED needs it, only FIXED and AUTOMATIC take it", _brightness),
    "screen-timeout": Rule(
        "SCREEN_TIMEOUT_ENFORCED needs it and only that takes it, more than 0s and at most maximumTimeToLock", _timeout
    ),
    "message-default": Rule("it is needed where there are localizedMessages", _no_message),
    "message-short": Rule("Android cuts it after 200 characters", _long_message),
    "account-required": Rule("it needs authenticationType GOOGLE_AUTHENTICATED", _account),
    "contacts-exempt": Rule("it needs showWorkContactsInPersonalProfile", _exemptions),
    "app-functions": Rule("it contradicts appFunctions", _functions),
    "personal-app-once": Rule("an app stands in the list once", _personal_twice),
    "app-reports": Rule("it needs applicationReportsEnabled", _no_reports),
    "usage-log": Rule("the log must be in enabledLogTypes", _no_log),
}
