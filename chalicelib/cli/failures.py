"""Why a command failed, and the exit code that says so to scripts.

0 done · 1 refused, failed or not intact · 2 wrong usage · 3 not signed in, or not allowed · 4 not found ·
5 Muster cannot be reached · 6 still waiting when the time was over · 130 interrupted
"""

from collections.abc import Mapping


class Failure(Exception):
    """`str(failure)` is one sentence and says what to do."""

    code = 1


class Misuse(Failure):
    code = 2


class NotAllowed(Failure):
    code = 3


class NotFound(Failure):
    code = 4


class Unreachable(Failure):
    code = 5


class TimedOut(Failure):
    code = 6


BY_STATUS: Mapping[int, type[Failure]] = {
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    502: Unreachable,
    503: Unreachable,
}
