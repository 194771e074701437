"""Waking devices: a push is a hint that something waits; what the push service answers is acted on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chalicelib.core.errors import Stale
from chalicelib.core.house import House
from chalicelib.core.ports import PushRefused
from chalicelib.model.enrollment import Enrollment, EnrollmentStatus


def wake(house: House, enrollment_ids: Sequence[str]) -> Mapping[str, PushRefused]:
    """Pushes to up to 100 channels. Returns those to try again, with the reason; unknown and ended ones are done."""
    waiting: dict[str, list[Enrollment]] = {}
    for enrollment in house.store.get_many(Enrollment, *dict.fromkeys(enrollment_ids)):
        if enrollment.status is EnrollmentStatus.ENABLED and not enrollment.push_failed_at:
            waiting.setdefault(enrollment.platform, []).append(enrollment)
    retry: dict[str, PushRefused] = {}
    for name, enrollments in waiting.items():
        answers = house.platforms[name].wake(house, enrollments)
        for enrollment in enrollments:
            refusal = answers[enrollment.id]
            if refusal is not None and refusal.gone:
                _unreachable(house, enrollment)
            elif refusal is not None:
                retry[enrollment.id] = refusal
    return retry


def _unreachable(house: House, enrollment: Enrollment) -> None:
    """No more pushes until the next token update; the commands stay."""
    try:
        house.store.replace(replace(enrollment, push_failed_at=house.clock()))
    except Stale:  # a token update was faster: it is reachable again
        return
