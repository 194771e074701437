"""What the fake remembers: tables of JSON, saved to a folder, under one lock."""

from __future__ import annotations

import copy
import json
import secrets
import string
import threading
from collections import deque
from pathlib import Path
from typing import Any

from tests.google.clock import Clock
from tests.google.keys import Keys

REQUESTS_KEPT = 5000


class World:
    def __init__(self, folder: Path | None = None) -> None:
        self._file = folder / "state.json" if folder else None
        self._tables: dict[str, dict[str, Any]] = {}
        if self._file and self._file.exists():
            self._tables = json.loads(self._file.read_text(encoding="utf-8"))
        self.lock = threading.RLock()
        self.dirty = threading.Event()
        self.clock = Clock(self.table("clock"))
        self.keys = Keys(self.table("keys"))
        self.outbox: deque[tuple[str, str, Any]] = deque()  # topic, notification type, payload: taken by pubsub.Pushes
        self.published = threading.Event()
        self.tokens: dict[str, dict[str, Any]] = {}  # access tokens do not outlive the process
        self.requests: deque[dict[str, Any]] = deque(maxlen=REQUESTS_KEPT)
        self.faults: list[dict[str, Any]] = []
        self.quotas: dict[str, dict[str, Any]] = {}
        self.broken: list[str] = []  # answers of ours that did not fit their schema

    def table(self, name: str) -> dict[str, Any]:
        return self._tables.setdefault(name, {})

    def publish(self, topic: str, kind: str, payload: Any = None) -> None:
        """As it is now: what the payload becomes later is another message."""
        self.outbox.append((topic, kind, copy.deepcopy(payload)))
        self.published.set()

    def digits(self, count: int) -> str:
        return secrets.choice("123456789") + "".join(secrets.choice(string.digits) for _ in range(count - 1))

    def letters(self, count: int) -> str:
        return "".join(secrets.choice(string.ascii_uppercase) for _ in range(count))

    def shown(self) -> dict[str, Any]:
        """All tables but the private keys."""
        tables = {name: table for name, table in self._tables.items() if name != "keys"}
        return {**tables, "broken": self.broken}

    def save(self) -> None:
        if not self._file or not self.dirty.is_set():
            return
        with self.lock:
            self.dirty.clear()
            text = json.dumps(self._tables)
        fresh = self._file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self._file)
