"""Actions that only ask: the sections of the inventory, at once instead of at the next daily turn."""

from chalicelib.core.house import House
from chalicelib.core.ports import Prepared
from chalicelib.model.device import Device
from chalicelib.platforms.parameters import Parameters
from chalicelib.platforms.reading import Reading
from chalicelib.platforms.windows import jobs, upkeep
from chalicelib.platforms.windows.actions.action import Values
from chalicelib.platforms.windows.jobs import Job
from chalicelib.platforms.windows.nodes import Step
from chalicelib.platforms.windows.syncml import GET


class Asking:
    """Builds, follows up and reads the sections of these names as one question."""

    def __init__(self, *names: str) -> None:
        self.sections = tuple(upkeep.SECTIONS[name] for name in names)

    def build(self, house: House, device: Device, params: Parameters, command_id: str) -> Prepared:
        nodes = [node for section in self.sections for node in section.ask(device)]
        return jobs.prepared(command_id, Job(tuple(Step(GET, node) for node in nodes)), {})

    def more(self, values: Values) -> tuple[str, ...]:
        return tuple(node for section in self.sections for node in section.more(values))

    def read(self, device: Device, values: Values) -> Reading:
        found = [section.read(values, device) for section in self.sections]
        return Reading(
            sections={name: body for reading in found for name, body in reading.sections.items()},
            attributes={name: value for reading in found for name, value in reading.attributes.items()},
            facts={name: value for reading in found for name, value in reading.facts.items()},
            result={name: value for reading in found for name, value in reading.result.items()},
        )
