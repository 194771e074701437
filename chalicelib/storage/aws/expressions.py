"""Every DynamoDB expression that Muster can send, built from the closed language of storage/tables.py.

Attribute names are always placeholders, so no reserved word can appear. There are no update, filter or projection
expressions.
"""

from typing import Any

from chalicelib.storage.layout import Index
from chalicelib.storage.tables import Absent, AtVersion, Condition, Range
from chalicelib.storage.wire import to_wire


def condition(wanted: Condition) -> dict[str, Any]:
    """Parameters of PutItem, or of one Put or Delete in a transaction."""
    match wanted:
        case Absent():
            names, values, text = {"#pk": "pk"}, {}, "attribute_not_exists(#pk)"
        case AtVersion(number):
            names, values, text = {"#version": "version"}, to_wire({":version": number}), "#version = :version"
    parameters: dict[str, Any] = {
        "ConditionExpression": text,
        "ExpressionAttributeNames": names,
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    return parameters | ({"ExpressionAttributeValues": values} if values else {})


def key_range(wanted: Range) -> dict[str, Any]:
    """Parameters of Query."""
    pk, sk = _key_names(wanted.index)
    names, values, text = {"#pk": pk}, {":pk": wanted.pk}, "#pk = :pk"
    if wanted.between:
        names["#sk"] = sk
        values[":low"], values[":high"] = wanted.between
        text += " AND #sk BETWEEN :low AND :high"
    return {
        "KeyConditionExpression": text,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": to_wire(values),
    }


def _key_names(index: Index | None) -> tuple[str, str]:
    return (index.pk, index.sk) if index else ("pk", "sk")
