"""passwordPolicies: what unlocks the device or the work profile (schema PasswordRequirements)."""

from typing import Literal

from chalicelib.platforms.android.policy.group import Count, Duration, Group

Quality = Literal[
    "BIOMETRIC_WEAK",
    "SOMETHING",
    "NUMERIC",
    "NUMERIC_COMPLEX",
    "ALPHABETIC",
    "ALPHANUMERIC",
    "COMPLEX",
    "COMPLEXITY_LOW",
    "COMPLEXITY_MEDIUM",
    "COMPLEXITY_HIGH",
]
KeyguardFeature = Literal[
    "CAMERA",
    "NOTIFICATIONS",
    "UNREDACTED_NOTIFICATIONS",
    "TRUST_AGENTS",
    "DISABLE_FINGERPRINT",
    "DISABLE_REMOTE_INPUT",
    "FACE",
    "IRIS",
    "BIOMETRICS",
    "SHORTCUTS",
    "ALL_FEATURES",
]


class PasswordRequirements(Group):
    maximum_failed_passwords_for_wipe: Count | None = None
    password_expiration_timeout: Duration | None = None
    password_history_length: Count | None = None
    password_minimum_length: Count | None = None
    password_minimum_letters: Count | None = None
    password_minimum_lower_case: Count | None = None
    password_minimum_non_letter: Count | None = None
    password_minimum_numeric: Count | None = None
    password_minimum_symbols: Count | None = None
    password_minimum_upper_case: Count | None = None
    password_quality: Quality | None = None
    password_scope: Literal["SCOPE_DEVICE", "SCOPE_PROFILE"] | None = None
    require_password_unlock: Literal["USE_DEFAULT_DEVICE_TIMEOUT", "REQUIRE_EVERY_DAY"] | None = None
    unified_lock_settings: Literal["ALLOW_UNIFIED_WORK_AND_PERSONAL_LOCK", "REQUIRE_SEPARATE_WORK_LOCK"] | None = None
