"""The audit trail: shards of hash-chained entries, exported as JSON Lines, verified by anyone without Muster.

An export holds one line an entry, then one line with the head of every shard, signed with the evidence key.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core import access
from chalicelib.core.house import House
from chalicelib.core.ports import Page
from chalicelib.core.trail import event
from chalicelib.model.audit import GENESIS, AuditEntry, AuditEvent
from chalicelib.model.people import Principal

SHARDS = 16
FORMAT = "muster-audit-1"
MALFORMED_HEADS = "The line of the signed heads was changed: it is not as Muster writes it."


class Broken(Exception):
    """The trail does not verify; the text names the entry and the reason."""


@dataclass(frozen=True, slots=True)
class Verified:
    entries: int
    shards: int
    organization: str
    at: int  # when the heads were signed: an older export verifies too, so compare it with the day you expect
    key: str  # SHA-256 of the public key that signed the heads, hex; "" where they are unsigned


def entry_line(entry: AuditEntry) -> str:
    happened = entry.event
    return json.dumps(
        {
            "shard": entry.shard,
            "sequence": entry.sequence,
            "at": happened.at,
            "actor": happened.actor,
            "action": happened.action,
            "target": happened.target,
            "result": happened.result,
            "ip": happened.ip,
            "details": dict(happened.details),
            "previous": entry.previous,
            "hash": entry.hash,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def entries(house: House, principal: Principal, shard: int, limit: int = 100, cursor: str = "") -> Page[AuditEntry]:
    access.authorize(principal, "audit.read")
    return house.store.collect(AuditEntry, f"{shard:02d}", limit=limit, cursor=cursor)


def recent(house: House, principal: Principal, limit: int = 50) -> list[AuditEntry]:
    """The newest entries of all shards, the newest first."""
    access.authorize(principal, "audit.read")
    found: list[AuditEntry] = []
    for shard in range(SHARDS):
        found += house.store.collect(AuditEntry, f"{shard:02d}", limit=limit, newest=True).items
    return sorted(found, key=lambda entry: (entry.event.at, entry.sequence), reverse=True)[:limit]


def noted_export(house: House, principal: Principal) -> Iterator[str]:
    """The trail for a person, who is written down in it first."""
    access.authorize(principal, "audit.read")
    house.store.commit(audit=event(house, principal, "audit.exported", "audit"))
    return export(house)


def export(house: House) -> Iterator[str]:
    """The whole trail as lines without line ends; the last one holds the signed heads."""
    heads: dict[str, list[Any]] = {}
    for shard in range(SHARDS):
        for entry in _shard(house, shard):
            heads[str(shard)] = [entry.sequence, entry.hash]
            yield entry_line(entry)
    yield signed_heads(house, heads)


def _shard(house: House, shard: int) -> Iterator[AuditEntry]:
    cursor = ""
    while True:
        page = house.store.collect(AuditEntry, f"{shard:02d}", limit=500, cursor=cursor)
        yield from page.items
        if not (cursor := page.cursor):
            return


def signed_heads(house: House, heads: Mapping[str, list[Any]]) -> str:
    statement = {
        "format": FORMAT,
        "organization": house.settings.organization,
        "at": house.clock(),
        "heads": dict(heads),
    }
    signature = house.evidence_key.sign(_canonical(statement))
    key = house.evidence_key.public_key_der
    return _canonical({**statement, "key": _text(key), "signature": _text(signature)}).decode()


def current_heads(house: House) -> dict[str, list[Any]]:
    heads: dict[str, list[Any]] = {}
    for shard in range(SHARDS):
        for entry in house.store.collect(AuditEntry, f"{shard:02d}", limit=1, newest=True).items:
            heads[str(shard)] = [entry.sequence, entry.hash]
    return heads


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass(slots=True)
class _Chain:
    sequence: int = 0
    hash: str = GENESIS


@dataclass(slots=True)
class _Trail:
    chains: dict[int, _Chain] = field(default_factory=dict)
    entries: int = 0
    heads: Mapping[str, Any] | None = None


def verify(lines: Iterable[str], trusted_key: bytes | None = None) -> Verified:
    """Checks an exported trail without any service. `trusted_key` (public key, DER) pins the signer. Broken."""
    trail = _Trail()
    for number, line in enumerate(lines, start=1):
        if line.strip():
            _check_line(trail, number, line)
    if trail.heads is None:
        raise Broken("The signed heads are missing: the trail was cut off at its end.")
    try:
        key = _check_heads(trail, trail.heads, trusted_key)
    except (ValueError, KeyError, TypeError, AttributeError) as reason:
        raise Broken(MALFORMED_HEADS) from reason
    return Verified(trail.entries, len(trail.chains), str(trail.heads["organization"]), int(trail.heads["at"]), key)


def _check_line(trail: _Trail, number: int, line: str) -> None:
    try:
        row = json.loads(line)
        if not isinstance(row, dict):
            raise ValueError("not an object")
        if trail.heads is not None:
            raise Broken(f"Line {number} follows the signed heads.")
        if "heads" in row:
            if _canonical(row).decode() != line.rstrip("\r\n"):
                raise Broken(MALFORMED_HEADS)
            trail.heads = row
            return
        entry = _parse(row)
    except (ValueError, KeyError, TypeError, RecursionError) as reason:
        raise Broken(f"Line {number} is not an audit entry: {reason}.") from reason
    _check_entry(trail, entry, line)


def _parse(row: Mapping[str, Any]) -> AuditEntry:
    happened = AuditEvent(
        actor=row["actor"],
        action=row["action"],
        target=row["target"],
        at=row["at"],
        result=row["result"],
        ip=row["ip"],
        details=row["details"],
    )
    return AuditEntry(int(row["shard"]), int(row["sequence"]), row["previous"], happened, row["hash"])


def _check_entry(trail: _Trail, entry: AuditEntry, line: str) -> None:
    chain = trail.chains.setdefault(entry.shard, _Chain())
    name = f"Entry {entry.sequence} of shard {entry.shard}"
    if entry.sequence != chain.sequence + 1:
        raise Broken(f"{name} follows entry {chain.sequence}: an entry is missing, repeated or out of order.")
    if entry.previous != chain.hash:
        raise Broken(f"{name} does not continue the chain: it or the entry before it was changed.")
    if entry.digest() != entry.hash or entry_line(entry) != line.rstrip("\r\n"):
        raise Broken(f"{name} was changed: its hash does not match its content.")
    chain.sequence, chain.hash = entry.sequence, entry.hash
    trail.entries += 1


def _check_heads(trail: _Trail, row: Mapping[str, Any], trusted_key: bytes | None) -> str:
    found = {str(shard): [chain.sequence, chain.hash] for shard, chain in trail.chains.items()}
    if row["heads"] != found:
        shards = [shard for shard in {*row["heads"], *found} if row["heads"].get(shard) != found.get(shard)]
        shard = min(shards, key=int)
        raise Broken(
            f"Shard {shard} ends at entry {found.get(shard, [0])[0]}, "
            f"but the signed head names entry {row['heads'].get(shard, [0])[0]}."
        )
    return _check_signature(row, trusted_key)


def _check_signature(row: Mapping[str, Any], trusted_key: bytes | None) -> str:
    import hashlib

    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        der, signature = base64.b64decode(row["key"], validate=True), base64.b64decode(row["signature"], validate=True)
        key = serialization.load_der_public_key(der)
        if trusted_key is not None and der != trusted_key:
            raise Broken("The heads are signed with a key that you do not trust.")
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise Broken("The heads are not signed with an elliptic-curve key.")
        statement = {name: row[name] for name in ("format", "organization", "at", "heads")}
        key.verify(signature, _canonical(statement), ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, KeyError, TypeError) as reason:
        raise Broken("The signature of the heads does not match.") from reason
    if (_text(der), _text(signature)) != (row["key"], row["signature"]):  # base64 has more than one spelling
        raise Broken("The signature of the heads does not match.")
    return hashlib.sha256(der).hexdigest()
