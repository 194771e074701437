"""How fast we ask: Google allows a project 1,000 queries in 100 seconds (Android Management API, "Usage limits").

The processes of Muster do not know of each other, so each takes a tenth: 100 queries in any 100 seconds. Ten busy
processes fit; workers are meant to run at most eight at once, and what is left is for people, whom nobody queues.
Whoever is over the share is told when to come back, and comes back by the delay of a queue: nobody sleeps here.
A process that just started knows nothing of the one before it. Google's own 429 is the judge; this only keeps us from
hearing it often. Other APIs of Google count for themselves, and most allow more: the same share serves for them.
"""

from collections import deque

from chalicelib.core.ports import Clock
from chalicelib.platforms.google.answers import GoogleBusy

QUERIES, WINDOW = 1_000, 100  # of a project, and seconds
PROCESSES = 10
SHARE = QUERIES // PROCESSES


class Pace:
    """Of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asked: dict[tuple[str, str], deque[int]] = {}

    def take(self, project: str, host: str) -> None:
        """One query. GoogleBusy."""
        now = self._clock()
        asked = self._asked.setdefault((project, host), deque())
        while asked and not now - WINDOW < asked[0] <= now:
            asked.popleft()
        if len(asked) >= SHARE:
            raise GoogleBusy("Muster asks Google as often as it may; this waits.", asked[0] + WINDOW - now)
        asked.append(now)
