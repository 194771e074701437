"""The monthly bill of 10,000 and of a million devices, from units measured here and the list prices in cost.py."""

import contextlib
import io
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.core import posture, sweep
from chalicelib.storage.capacity import item_size
from chalicelib.storage.layout import INDEXES
from tests.bench import replay
from tests.bench.cost import DAYS, FIXED, PRICED, Bill, Fleet, Machine
from tests.bench.loopback import Loopback
from tests.bench.messages import Messages, recorded
from tests.bench.report import Report
from tests.bench.staging import Deployment, Spent, unlogged
from tests.bench.test_counts import command_life
from tests.bench.test_sweep import fleet as swept_fleet

pytestmark = pytest.mark.bench
BUDGET = 900  # dollars a month for a million devices
FLEET, MACHINE = Fleet(), Machine()
GATEWAY_MB = SIGNER_MB = SWEEP_MB = WAKE_MB = 512
SMALL_MB, API_MB = 256, 1024
SWEPT = 2_000
GIGABYTE = 1e9
