"""What a fleet costs a month on AWS: measured units times list prices, under the assumptions that stand here.

Every figure that could be measured is: units, bytes and CPU time come from the benchmark. What is left is a guess of
how a fleet behaves (Fleet) and how AWS is slower than this machine (Machine).
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

DAYS = 30.4  # of a month
MILLION = 1e6

PRICED = "us-east-1, on demand, list prices of November 2026, no free tier, no discounts, no support plan, no tax"
# Dollars for one of each. Check them before you quote a sum.
PRICES: Mapping[str, float] = {
    "http_requests": 1.00 / MILLION,
    "rest_requests": 3.50 / MILLION,
    "lambda_requests": 0.20 / MILLION,
    "gb_seconds": 0.0000133334,  # arm64
    "rru": 0.125 / MILLION,
    "wru": 0.625 / MILLION,
    "sqs_calls": 0.40 / MILLION,
    "s3_puts": 5.00 / MILLION,
    "kms_calls": 0.03 / 10_000,
    "log_gb": 0.50,
    "kept_log_gb": 0.03,
    "table_gb": 0.25 + 0.20,  # with point-in-time recovery
    "bucket_gb": 0.023,
    "out_gb": 0.09,
    "kms_keys": 1.00,
    "alarms": 0.10,
    "schedules": 1.00 / MILLION,
}


@dataclass(frozen=True)
class Bill:
    """Quantities; the fields are the names in PRICES, and what is priced by way of something else."""

    audit_entries: float = 0
    http_requests: float = 0
    rest_requests: float = 0
    lambda_requests: float = 0
    gb_seconds: float = 0
    rru: float = 0
    wru: float = 0
    sqs_calls: float = 0
    s3_puts: float = 0
    kms_calls: float = 0
    log_gb: float = 0
    kept_log_gb: float = 0
    table_gb: float = 0
    bucket_gb: float = 0
    out_gb: float = 0
    kms_keys: float = 0
    alarms: float = 0
    schedules: float = 0

    def __add__(self, other: "Bill") -> "Bill":
        return Bill(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    def __mul__(self, times: float) -> "Bill":
        return Bill(**{each.name: getattr(self, each.name) * times for each in fields(self)})

    @property
    def dollars(self) -> Mapping[str, float]:
        return {name: getattr(self, name) * price for name, price in PRICES.items()}

    @property
    def total(self) -> float:
        return sum(self.dollars.values())


@dataclass(frozen=True)
class Fleet:
    """How devices live. All that is not said here is an idle poll."""

    requests_a_day: float = 11
    inventory_cycles_a_day: float = 1  # one section changed, the others as the day before
    commands_a_day: float = 0.1  # by people or rules; inventory needs none
    check_ins_a_day: float = 1 / 30  # token updates
    enrollments_a_day: float = 1 / 1000  # a device stays about three years
    posture_sweeps_a_day: float = 1
    wake_sweeps_a_day: float = 6
    years_of_audit: float = 1
    api_requests_a_day: float = 0.1  # of people, per device, beside those that ask for commands


@dataclass(frozen=True)
class Desks:
    """How PCs live, where it is not as with other devices (Fleet). They are never switched off, which costs most."""

    sessions_polled: float = 6  # a day: every 240 minutes, the schedule that enrollment sets
    sessions_pushed: float = 3  # every 480 minutes, as soon as there is a push channel; and one for each command


@dataclass(frozen=True)
class Machine:
    """AWS as seen from this one: a slower processor in slices, and a network in between."""

    slower: float = 1.5
    whole_processor_mb: float = 1769  # Lambda: memory that comes with one processor
    call_ms: float = 5  # DynamoDB, SQS, KMS: round trip with TLS, waited for
    push_ms: float = 500  # connection to APNs and one batch of up to 100 pushes
    notification_ms: float = 50  # WNS: one notification, sent one after the other
    log_bytes: float = 450  # what Lambda itself logs of an invocation, unless told not to: START, END, REPORT
    answer_bytes: float = 350  # headers of an empty answer, as API Gateway sends it
    item_bytes: float = 100  # DynamoDB adds them to each item it keeps

    def gb_seconds(self, cpu_us: float, waited_ms: float, memory_mb: float) -> float:
        cpu_ms = cpu_us / 1000 * self.slower * self.whole_processor_mb / memory_mb
        return (cpu_ms + waited_ms) / 1000 * memory_mb / 1024


_RUNS = (1 + 6) * DAYS  # of schedules
_EMPTY_RECEIVES = 3 * 5 * 3 * 60 * 24 * DAYS  # three queues, five pollers each, 20 seconds a poll
_TEMPLATE = Path(__file__).parents[2].joinpath("infra", "core.yaml").read_text()
_ALARMS = _TEMPLATE.count("Type: AWS::CloudWatch::Alarm")
FIXED = Bill(kms_keys=3, alarms=_ALARMS, schedules=_RUNS, lambda_requests=_RUNS, sqs_calls=_EMPTY_RECEIVES)
