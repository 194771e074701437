"""Google's schemas of Chrome policies, and whether a value fits one before it is sent (chromepolicy.v1: PolicySchema).

A schema's `definition` is a protobuf file: the message that is named as the schema is holds the fields of the value.
Types that the file only refers to are not known here, and are left to Google to judge.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.core.errors import Unprocessable
from chalicelib.platforms.chromeos import words
from chalicelib.platforms.chromeos.policy_batches import Setting
from chalicelib.platforms.chromeos.words import LONGEST_NAME

MOST_FIELDS = 200
DEEPEST = 8
INTEGERS = {
    "TYPE_INT32": 32, "TYPE_SINT32": 32, "TYPE_SFIXED32": 32, "TYPE_UINT32": 32, "TYPE_FIXED32": 32,
    "TYPE_INT64": 64, "TYPE_SINT64": 64, "TYPE_SFIXED64": 64, "TYPE_UINT64": 64, "TYPE_FIXED64": 64,
}  # fmt: skip
UNSIGNED = frozenset({"TYPE_UINT32", "TYPE_FIXED32", "TYPE_UINT64", "TYPE_FIXED64"})
TEXTS = frozenset({"TYPE_STRING", "TYPE_BYTES"})


@dataclass(frozen=True, slots=True)
class Field:
    """`refers`: the name of a message or enum. `least` and `most` are Google's constraints, where it names some."""

    name: str
    type: str
    many: bool = False
    refers: str = ""
    least: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    name: str
    description: str
    fields: tuple[Field, ...]
    keys: tuple[str, ...] = ()  # additional keys that a target has to have
    targets: tuple[str, ...] = ()  # ORG_UNIT, GROUP; empty: not told
    messages: Mapping[str, tuple[Field, ...]] = field(default_factory=dict)
    enums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stage: str = ""

    def summary(self) -> dict[str, Any]:
        """The compact view: what there is to set, and with which values."""
        return words.told(
            name=self.name,
            description=self.description,
            keys=list(self.keys),
            targets=list(self.targets),
            deprecated=True if self.stage == "API_DEPRECATED" else None,
            fields={one.name: self._shown(one) for one in self.fields},
        )

    def _shown(self, one: Field) -> dict[str, Any]:
        kind = one.type.removeprefix("TYPE_").lower()
        return words.told(
            type=kind,
            many=one.many or None,
            values=list(self.enums.get(one.refers, ())),
            least=one.least,
            most=one.most,
        )


def read(said: Mapping[str, Any]) -> Schema:
    name = words.text(said, "schemaName", 256)
    definition = words.part(said, "definition")
    messages: dict[str, tuple[Field, ...]] = {}
    enums: dict[str, tuple[str, ...]] = {}
    _collect(definition, "messageType", messages, enums, 0)
    limits = {words.text(one, "field"): words.part(words.part(one, "fieldConstraints"), "numericRangeConstraint")
              for one in words.parts(said, "fieldDescriptions", MOST_FIELDS)}  # fmt: skip
    root = messages.get(name.rpartition(".")[2], ())
    return Schema(
        name=name,
        description=words.text(said, "policyDescription", 1_000),
        fields=tuple(_limited(one, limits.get(one.name, {})) for one in root),
        keys=tuple(words.text(one, "key", LONGEST_NAME) for one in words.parts(said, "additionalTargetKeyNames")),
        targets=tuple(words.tidy(one, LONGEST_NAME) for one in said.get("validTargetResources", ())),
        messages=messages,
        enums=enums,
        stage=words.text(words.part(said, "policyApiLifecycle"), "policyApiLifecycleStage", LONGEST_NAME),
    )


def _collect(
    said: Mapping[str, Any], name: str, messages: dict[str, tuple[Field, ...]], enums: dict[str, tuple[str, ...]],
    depth: int,
) -> None:  # fmt: skip
    """By short name: the files are small and name each type once."""
    for one in words.parts(said, "enumType"):
        values = tuple(words.text(value, "name", LONGEST_NAME) for value in words.parts(one, "value", 1_000))
        enums[words.text(one, "name", LONGEST_NAME)] = values
    for one in words.parts(said, name) if depth < DEEPEST else ():
        found = tuple(_field(each) for each in words.parts(one, "field", MOST_FIELDS))
        messages[words.text(one, "name", LONGEST_NAME)] = found
        _collect(one, "nestedType", messages, enums, depth + 1)


def _field(said: Mapping[str, Any]) -> Field:
    name = words.text(said, "jsonName", LONGEST_NAME) or words.text(said, "name", LONGEST_NAME)
    refers = words.text(said, "typeName", 256).rpartition(".")[2]
    return Field(name, words.text(said, "type", 32), words.text(said, "label", 32) == "LABEL_REPEATED", refers)


def _limited(one: Field, limits: Mapping[str, Any]) -> Field:
    least, most = words.whole(limits, "minimum"), words.whole(limits, "maximum")
    return Field(one.name, one.type, one.many, one.refers, least, most) if limits else one


def check(schema: Schema, setting: Setting) -> None:
    """Unprocessable with the field and what is wrong with it. The value itself is not repeated: it may be secret."""
    if schema.name != setting.schema:
        raise Unprocessable(f"{setting.schema} was held against the schema of {schema.name}.")
    if set(setting.target.keys) != set(schema.keys):
        needed = ", ".join(schema.keys) or "no additional keys"
        raise Unprocessable(f"{schema.name}: its target takes {needed}.")
    kind = "GROUP" if setting.target.group else "ORG_UNIT"
    if schema.targets and kind not in schema.targets:
        raise Unprocessable(f"{schema.name} is not for {'groups' if setting.target.group else 'org units'}.")
    if setting.value is not None:
        _message(schema, schema.fields, setting.value, schema.name, 0)


def _message(schema: Schema, fields: tuple[Field, ...], value: Mapping[str, Any], place: str, depth: int) -> None:
    known = {one.name: one for one in fields}
    for name, given in value.items():
        if name not in known:
            raise Unprocessable(f"{place}: there is no field {name!r}; known: {', '.join(sorted(known))}.")
        one, where = known[name], f"{place}.{name}"
        if one.many and not isinstance(given, (list, tuple)):
            raise Unprocessable(f"{where}: a list is expected.")
        for each in given if one.many else (given,):
            _value(schema, one, each, where, depth)


def _value(schema: Schema, one: Field, given: Any, where: str, depth: int) -> None:
    if one.refers in schema.enums:
        if given not in schema.enums[one.refers]:
            raise Unprocessable(f"{where}: expected is one of {', '.join(schema.enums[one.refers])}.")
    elif one.refers in schema.messages:
        if not isinstance(given, Mapping) or depth >= DEEPEST:
            raise Unprocessable(f"{where}: an object is expected.")
        _message(schema, schema.messages[one.refers], given, where, depth + 1)
    elif wrong := _plain(one, given):
        raise Unprocessable(f"{where}: {wrong} is expected.")


def _plain(one: Field, given: Any) -> str:
    """What is expected instead; "" where it fits, or where the type is defined elsewhere."""
    if one.type == "TYPE_BOOL":
        return "" if isinstance(given, bool) else "true or false"
    if one.type in TEXTS:
        return "" if isinstance(given, str) else "text"
    if one.type in ("TYPE_DOUBLE", "TYPE_FLOAT"):
        return "" if isinstance(given, (int, float)) and not isinstance(given, bool) else "a number"
    return _integer(one, given) if one.type in INTEGERS else ""


def _integer(one: Field, given: Any) -> str:
    """Google's JSON writes 64-bit numbers as text, and takes both."""
    number = words.whole({"": given}, "") if INTEGERS[one.type] == 64 or isinstance(given, int) else None
    bits, positive = INTEGERS[one.type], one.type in UNSIGNED
    least = max(0 if positive else -(2 ** (bits - 1)), one.least if one.least is not None else -(2**63))
    most = min(2 ** (bits - (not positive)) - 1, one.most if one.most is not None else 2**64)
    if number is not None and least <= number <= most:
        return ""
    return (
        f"a whole number from {least} to {most}" if one.least is not None or one.most is not None else "a whole number"
    )
