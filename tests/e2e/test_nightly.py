"""The night: findings are found and resolved, reports are written, heads are signed; a second night changes nothing."""

import json

from tests.e2e.world import World, eventually


def findings(world: World, device_id: str) -> dict[str, bool]:
    """Control → is it open."""
    found = world.ok("GET", f"/findings?device={device_id}")["items"]
    return {one["control"]: one["resolved_at"] is None for one in found}


def night(world: World) -> list[str]:
    """The reports that were asked for; returns when everything has been worked off."""
    reports = list(world.invoke("nightly")["reports"])
    eventually(lambda: all(world.ok("GET", f"/reports/{one}")["state"] == "ready" for one in reports), "the reports")
    world.quiet()
    return reports


def test_what_a_night_finds_and_resolves(world: World) -> None:
    careless, careful = world.device("iphone", passcode=None), world.device("iphone")
    first = night(world)
    assert findings(world, world.id_of(careless)) == {"passcode-set": True, "disk-encrypted": True}
    assert findings(world, world.id_of(careful)) == {}
    states = {world.ok("GET", f"/reports/{report}")["kind"]: world.ok("GET", f"/reports/{report}") for report in first}
    assert {kind: one["state"] for kind, one in states.items()} == {"inventory": "ready", "posture": "ready"}
    posture = world.ok("GET", f"/reports/{states['posture']['id']}/download?format=jsonl")["url"]
    rows = [json.loads(line) for line in world.fetch("GET", posture).body.splitlines()]
    assert sorted(row["control"] for row in rows if careless.serial in row.values() and not row["met"]) == [
        "disk-encrypted", "passcode-set",
    ]  # fmt: skip

    before = world.tables()
    second = night(world)
    after = world.tables()
    assert after["commands"] == before["commands"]
    news = {key for key in after["core"] if after["core"][key] != before["core"].get(key)}
    assert {key[0] for key in news} == {f"P#{report}" for report in second}
    entries = [json.loads(after["audit"][key]["event"]) for key in after["audit"].keys() - before["audit"].keys()]
    assert sorted(entry["action"] for entry in entries) == ["report.ready"] * 2 + ["report.requested"] * 2

    careless.set_passcode("246810")
    assert world.obey(careless, "security-information")["state"] == "acknowledged"
    night(world)
    assert findings(world, world.id_of(careless)) == {"passcode-set": False, "disk-encrypted": False}


def newest(world: World) -> dict[int, int]:
    """Shard → its last sequence number."""
    found: dict[int, int] = {}
    for entry in world.tables()["audit"].values():
        shard, sequence = int(entry["shard"]), int(entry["sequence"])
        found[shard] = max(sequence, found.get(shard, 0))
    return found


def test_the_trail_and_its_heads_are_kept_where_nobody_can_change_them(world: World) -> None:
    """From here on: the engine keeps a stream in memory only, so what it had not told when it last ended is lost."""
    world.quiet()
    start = newest(world)
    world.device()
    night(world)
    s3, bucket = world.stack.client("s3"), world.stack.outputs["EvidenceBucketName"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    last = sorted(key for key in keys if key.startswith("heads/"))[-1]
    heads = json.loads(s3.get_object(Bucket=bucket, Key=last)["Body"].read())["heads"]
    kept: dict[tuple[int, int], str] = {}
    for key in keys:
        if key.startswith("audit/"):
            for line in s3.get_object(Bucket=bucket, Key=key)["Body"].read().splitlines():
                entry = json.loads(line)
                assert kept.setdefault((entry["shard"], entry["sequence"]), entry["hash"]) == entry["hash"]
    entries = world.tables()["audit"].values()
    written = {(int(one["shard"]), int(one["sequence"])): one["hash"] for one in entries}
    news = {place: digest for place, digest in written.items() if place[1] > start.get(place[0], 0)}
    assert len(news) >= 3
    assert {place: kept.get(place) for place in news} == news
    for shard, (sequence, digest) in heads.items():
        assert written[(int(shard), sequence)] == digest
