"""A whole House in memory."""

import time
from collections.abc import Mapping

from chalicelib.core.house import House, Settings
from chalicelib.core.ports import Clock, PlatformPort
from chalicelib.storage.capacity import Meter
from chalicelib.storage.memory.identities import MemoryIdentities
from chalicelib.storage.memory.services import (
    MemoryBlobs,
    MemoryEvidence,
    MemoryQueue,
    MemorySigner,
    MemoryVault,
    ec_key,
    rsa_key,
)
from chalicelib.storage.memory.tables import MemoryTables
from chalicelib.storage.records import RecordStore

SETTINGS = Settings(
    stage="test",
    organization="Example",
    device_url="https://devices.example.test",
    console_url="https://console.example.test",
)


def system_clock() -> int:
    return int(time.time())


def memory_house(
    clock: Clock = system_clock,
    platforms: Mapping[str, PlatformPort] | None = None,
    settings: Settings = SETTINGS,
    meter: Meter | None = None,
) -> House:
    """Each house is empty and shares nothing with others but the two signing keys. One meter counts all of it."""
    meter = meter or Meter()
    return House(
        settings=settings,
        clock=clock,
        store=RecordStore(MemoryTables(meter)),
        blobs=MemoryBlobs(meter, clock),
        evidence=MemoryEvidence(meter),
        vault=MemoryVault(meter),
        wakes=MemoryQueue(meter),
        sweeps=MemoryQueue(meter),
        reports=MemoryQueue(meter),
        ca_key=MemorySigner(rsa_key(), meter),
        evidence_key=MemorySigner(ec_key(), meter),
        identities=MemoryIdentities(clock),
        platforms=platforms if platforms is not None else {},
    )
