"""A simulated Apple device."""

from tests.devices.apple.base import Handled, Received
from tests.devices.apple.device import AppleDevice
from tests.devices.apple.knobs import Knobs
from tests.devices.apple.state import DeviceState, User
from tests.devices.apple.transport import Reply

__all__ = ["AppleDevice", "DeviceState", "Handled", "Knobs", "Received", "Reply", "User"]
