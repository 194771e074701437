"""Who may do what on Android: action by management mode, ownership and API level."""

from dataclasses import replace

import pytest

from chalicelib.core.access import PERMISSIONS
from chalicelib.model.device import Ownership
from chalicelib.platforms.android.actions import registry
from chalicelib.platforms.android.actions.versions import level
from tests.unit.android_actions.samples import MODES, action, device

# The API level it needs in each mode; 0: any; -: not there at all. p: nor on a device that is held as personal.
EXPECTED = """
                     fully-managed  dedicated  company-work-profile  work-profile  held as personal
lock                 0              0          0                     0             yes
reset-password       0              0          24                    24            yes
restart              24             24         -                     -             yes
erase                0              0          0                     -             no
relinquish           -              -          26                    -             no
disable              0              0          0                     0             yes
enable               0              0          0                     0             yes
lost-mode-on         30             30         33                    -             no
lost-mode-off        30             30         33                    -             yes
locate               -              -          -                     -             no
clear-app-data       28             28         28                    28            yes
request-device-info  -              -          -                     33            yes
"""
# permission, once, parks, priority
RULES = """
lock                 command.request      -     parks  0
reset-password       command.request      once  -      1
restart              command.request      once  -      3
erase                command.destructive  once  parks  0
relinquish           command.destructive  once  parks  1
disable              command.request      -     parks  0
enable               command.request      -     -      1
lost-mode-on         command.request      -     -      1
lost-mode-off        command.request      -     -      2
locate               command.request      -     -      5
clear-app-data       command.configure    once  -      5
request-device-info  command.request      -     -      7
"""
ROWS = {line.split()[0]: line.split()[1:] for line in EXPECTED.strip().splitlines()[1:]}
CELLS = [(name, mode, cell) for name, cells in ROWS.items() for mode, cell in zip(MODES, cells[:4], strict=True)]
OLDEST, NEWEST = 23, 36
WAYS = ("update", "etire it", "Lock ", "ask its user", "lost-mode-on", "read it", "set its ownership")


def test_the_tables_name_every_action() -> None:
    assert tuple(ROWS) == registry.names()


@pytest.mark.parametrize(("name", "mode", "cell"), CELLS)
def test_a_mode_allows_it_from_its_level_on(name: str, mode: str, cell: str) -> None:
    refused = {api: action(name).refusal(device(mode, api)) for api in range(OLDEST, NEWEST + 1)}
    allowed = [api for api, text in refused.items() if not text]
    since = NEWEST + 1 if cell == "-" else max(OLDEST, int(cell))
    assert allowed == list(range(since, NEWEST + 1))
    assert cell != "-" or len(set(refused.values())) == 1
    assert cell == "-" or all("update it first." in text for text in refused.values() if text)


@pytest.mark.parametrize("name", registry.names())
@pytest.mark.parametrize("mode", ["", "fully-managed", "company-work-profile"])
def test_what_is_held_as_personal_is_spared(name: str, mode: str) -> None:
    held = replace(device(mode), ownership=Ownership.PERSONAL)
    refusal = action(name).refusal(held)
    if ROWS[name][4] == "no":
        assert refusal
    else:
        assert refusal == action(name).refusal(device(mode))


@pytest.mark.parametrize("ownership", Ownership)
def test_a_work_profile_is_never_wiped_as_a_device_whoever_holds_it(ownership: Ownership) -> None:
    theirs = replace(device("work-profile"), ownership=ownership)
    assert "Retire it" in action("erase").refusal(theirs)
    assert action("relinquish").refusal(theirs)


def test_every_refusal_says_what_would_make_it_possible() -> None:
    held = [replace(device(mode, api), ownership=one) for mode in MODES for api in (23, 36) for one in Ownership]
    told = {action(name).refusal(each) for name in ROWS for each in held} - {""}
    assert len(told) > 8
    for text in told:
        assert text[0].isupper()
        assert text.endswith(".")
        assert any(word in text for word in WAYS), text


def test_where_the_mode_is_not_known_google_judges() -> None:
    for name in set(ROWS) - {"locate"}:
        assert action(name).refusal(device("", None)) == "", name
    assert action("lost-mode-on").refusal(device("", 29))
    assert action("lost-mode-on").refusal(device("", 30)) == ""


@pytest.mark.parametrize(
    ("version", "api", "expected"),
    [("", None, None), ("9", None, 28), ("8.1.0", None, 27), ("8.0.0", None, 26), ("7.1.2", None, 25), ("12", None, 31),
     ("15", 34, 34), ("99", None, 36), ("4.4", None, 0), ("REL", None, None)],
)  # fmt: skip
def test_the_level_is_what_was_reported_or_follows_from_the_version(
    version: str, api: int | None, expected: int | None
) -> None:
    assert level(device(api=api, os_version=version)) == expected


def test_the_refusal_names_both_versions() -> None:
    old = device(api=29, os_version="10")
    assert action("lost-mode-on").refusal(old) == (
        "It needs Android 11 or later, and this device runs 10; update it first."
    )


@pytest.mark.parametrize("line", RULES.strip().splitlines(), ids=lambda line: line.split()[0])
def test_the_rules_of_delivery(line: str) -> None:
    name, permission, once, parks, priority = line.split()
    found = action(name)
    assert (found.permission, found.once, found.parks, found.priority) == (
        permission, once == "once", parks == "parks", int(priority),
    )  # fmt: skip
    assert found.permission in PERMISSIONS
    assert found.destructive is (permission == "command.destructive")
    assert found.title.endswith(".")


def test_the_rules_name_every_action() -> None:
    assert tuple(line.split()[0] for line in RULES.strip().splitlines()) == registry.names()


def test_the_column_of_the_readme() -> None:
    column = registry.support()
    assert {name for name, cell in column.items() if cell == {"android": "no"}} == {"locate"}
    assert {name for name, cell in column.items() if cell == {"android": "yes"}} == set(ROWS) - {"locate"}
