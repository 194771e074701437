"""Recorded messages sent again and again through Muster's own AWS client, and the CPU time they take."""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.storage.records import RecordStore
from tests.bench.loopback import Loopback
from tests.bench.messages import Messages
from tests.bench.staging import Exchange, function_of, unlogged, wired_to


def each(
    messages: Messages, stub: Loopback, monkeypatch: pytest.MonkeyPatch, runs: int
) -> dict[str, tuple[float, int]]:
    """Message → microseconds of the thread's own time, and calls of DynamoDB."""
    wired_to(replace(messages.house, store=RecordStore(stub.tables())), monkeypatch)
    return {name: _timed(messages, stub, exchange, runs) for name, exchange in messages.by_name.items()}


def _timed(messages: Messages, stub: Loopback, exchange: Exchange, runs: int) -> tuple[float, int]:
    stub.answer_as(messages, exchange)
    with unlogged():
        median = median_micros(lambda: _replay(exchange), runs)
        stub.calls.clear()
        _replay(exchange)
    return median, len(stub.calls)


def _replay(exchange: Exchange) -> None:
    got = function_of(exchange.event).handle(exchange.event, None)
    assert got["statusCode"] == exchange.status == 200


def median_micros(act: Callable[[], Any], runs: int) -> float:
    return statistics.median(micros(act, runs))


def micros(act: Callable[[], Any], runs: int) -> list[float]:
    times = []
    for _ in range(runs):
        started = time.thread_time_ns()
        act()
        times.append((time.thread_time_ns() - started) / 1000)
    return times
