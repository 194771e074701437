"""Table of contents: every function, queue, stream and schedule of a deployment; no logic.

The people plane's routes stand in chalicelib/web/routes.py, the device plane's in infra/core.yaml.
"""

from collections.abc import Mapping
from typing import Any

from chalice.app import Blueprint, Cron, Rate

from chalicelib.web.application import Application
from chalicelib.wiring import house

app = Application("muster", house)


def elsewhere(trigger: str, handler: str, **options: Any) -> None:
    """Declares a function whose handler this module does not import: each function loads only what it needs."""
    module, _, name = handler.rpartition(".")
    blueprint = Blueprint(module)

    def stand_in(event: Mapping[str, Any], context: object) -> None:
        raise NotImplementedError(handler)

    stand_in.__name__ = name
    getattr(blueprint, trigger)(**options)(stand_in)
    app.register_blueprint(blueprint)


# The device plane, behind the HTTP API. Only the signer may use the CA key.
elsewhere("lambda_function", "chalicelib.gateway.handler.handle", name="gateway")
elsewhere("lambda_function", "chalicelib.gateway.signer.handle", name="signer")

# Queues: wake-ups and fan-out hints; the records are the truth. infra/core.yaml puts the real queues in.
elsewhere("on_sqs_message", "chalicelib.workers.wake.handle", name="wake", queue_arn="wake", batch_size=10)
elsewhere("on_sqs_message", "chalicelib.workers.sweep.handle", name="sweep", queue_arn="sweep", batch_size=10)
elsewhere("on_sqs_message", "chalicelib.workers.reports.handle", name="reports", queue_arn="reports", batch_size=1)

# Streams: new commands become wake-ups, audit entries become locked evidence. From the first record there is: what is
# written while the deployment is being set up is evidence too.
FIRST = "TRIM_HORIZON"
elsewhere(
    "on_dynamodb_record",
    "chalicelib.workers.outbox.handle",
    name="outbox",
    stream_arn="commands",
    batch_size=100,
    starting_position=FIRST,
)
elsewhere(
    "on_dynamodb_record",
    "chalicelib.workers.evidence.handle",
    name="evidence",
    stream_arn="audit",
    batch_size=100,
    starting_position=FIRST,
)

# Schedules, in UTC. The signer's, for the revocation list, stands in infra/core.yaml: here a function has one trigger.
elsewhere(
    "schedule", "chalicelib.workers.schedules.nightly", name="nightly", expression=Cron(15, 1, "*", "*", "?", "*")
)
elsewhere("schedule", "chalicelib.workers.schedules.rewake", name="rewake", expression=Rate(4, unit=Rate.HOURS))
