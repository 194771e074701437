"""A simulated Windows PC."""

from tests.devices.windows.base import Handled, Received
from tests.devices.windows.device import WindowsPC
from tests.devices.windows.knobs import Knobs
from tests.devices.windows.state import PCState

__all__ = ["Handled", "Knobs", "PCState", "Received", "WindowsPC"]
