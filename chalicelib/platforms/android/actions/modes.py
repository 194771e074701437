"""How an Android device is managed, as the capabilities of its record tell.

Google reports ownership and management mode apart; together they are one of these four. A device that has not
reported yet has none of them: then Google judges, and refuses with MANAGEMENT_MODE.
"""

from chalicelib.model.device import Device

FULLY_MANAGED = "fully-managed"
DEDICATED = "dedicated"  # fully managed, and nobody's in particular
COMPANY_WORK_PROFILE = "company-work-profile"  # company-owned, with a private side
WORK_PROFILE = "work-profile"  # the work part of somebody's own device

WHOLE = (FULLY_MANAGED, DEDICATED)
PROFILES = (COMPANY_WORK_PROFILE, WORK_PROFILE)
MODES = WHOLE + PROFILES


def of(device: Device) -> str:
    """One of MODES; "" where it is not known."""
    return next((mode for mode in MODES if mode in device.capabilities), "")
