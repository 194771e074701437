"""Which devices know lost mode: company-owned ones (Google: "Lost mode", prerequisites)."""

from collections.abc import Mapping

from chalicelib.platforms.android.actions.modes import COMPANY_WORK_PROFILE, WHOLE
from chalicelib.platforms.android.actions.versions import ANDROID_11, ANDROID_13

SINCE: Mapping[str, int] = {**dict.fromkeys(WHOLE, ANDROID_11), COMPANY_WORK_PROFILE: ANDROID_13}
PROFILE_ONLY = (
    "Lost mode is for company-owned devices. Lock a personal device: that locks its work profile; "
    "or have its owner use Google's Find Hub."
)
HELD = (
    "Lost mode is for company-owned devices, and this one is held as personal: "
    "set its ownership to corporate if it belongs to the organisation."
)
