"""The reports there are: one file and one line each."""

from collections.abc import Mapping

from chalicelib.core.report_kinds import inventory, posture
from chalicelib.core.report_kinds.kind import Kind

REPORTS: Mapping[str, Kind] = {
    "inventory": inventory.KIND,
    "posture": posture.KIND,
}
