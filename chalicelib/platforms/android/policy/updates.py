"""systemUpdate and unifiedUpdatePolicy: when the operating system and Google's components are updated."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.platforms.android.policy.group import Duration, Group, Many, MinuteOfDay, Package, Unlike

_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
YEAR = sum(_DAYS)


class YearDay(Group):
    """A day of every year: schema Date without its year."""

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)

    @property
    def exists(self) -> bool:
        return self.day <= _DAYS[self.month - 1] or (self.month, self.day) == (2, 29)

    @property
    def number(self) -> int:
        """From 0; 29 February counts as the 28th, as Google counts it."""
        return sum(_DAYS[: self.month - 1]) + min(self.day, _DAYS[self.month - 1]) - 1


class FreezePeriod(Group):
    end_date: YearDay
    start_date: YearDay

    @property
    def days(self) -> int:
        """Both ends count; an end before the start lies in the next year."""
        return (self.end_date.number - self.start_date.number) % YEAR + 1


class SystemUpdate(Group):
    end_minutes: MinuteOfDay | None = None
    freeze_periods: Many[FreezePeriod] | None = None
    start_minutes: MinuteOfDay | None = None
    type: Literal["AUTOMATIC", "WINDOWED", "POSTPONE"] | None = None


class Date(Group):
    year: int = Field(ge=1, le=9999)
    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)


class TimeOfDay(Group):
    """Hours only: a policy with minutes is rejected."""

    hours: int = Field(ge=0, le=23)


class Predicate(Group):
    date_lower_bound: Date | None = None
    date_upper_bound: Date | None = None
    days_of_week: (
        Annotated[Many[Literal["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]], Unlike]
        | None
    ) = None
    time_of_day_lower_bound: TimeOfDay | None = None
    time_of_day_upper_bound: TimeOfDay | None = None
    update_age_lower_bound: Duration | None = None
    update_age_upper_bound: Duration | None = None


class SingleApp(Group):
    package_name: Package


class Target(Group):
    single_app: SingleApp | None = None
    target_type: Literal[
        "SINGLE_APP",
        "GOOGLE_SYSTEM_SERVICES",
        "GOOGLE_PLAY_SYSTEM_UPDATE",
        "OS_UPDATE_WITHOUT_API_LEVEL_CHANGE",
        "OS_UPDATE_WITH_API_LEVEL_CHANGE",
    ]

    @property
    def is_system(self) -> bool:
        return self.target_type.startswith("OS_UPDATE")


class Outcome(Group):
    outcome_type: Literal["FORCE", "USER_PROMPT", "BLOCK"] | None = None


class UpdateRule(Group):
    id: str = Field(min_length=1, max_length=64)
    outcome: Outcome | None = None
    predicate: Predicate | None = None
    stages: Many[Literal["STAGE_DOWNLOAD", "STAGE_APPLY"]] | None = None
    targets: Annotated[Many[Target], Field(min_length=1), Unlike]


class UnifiedUpdatePolicy(Group):
    rules: Annotated[Many[UpdateRule], Field(max_length=100)] | None = None
