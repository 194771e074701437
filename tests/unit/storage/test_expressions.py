"""Every expression that can be sent, against DynamoDB's grammar written down a second time.

Source: Amazon DynamoDB Developer Guide, "Condition and filter expressions, operators, and functions",
"Key condition expressions for the Query operation", "Expression attribute names (aliases)", "Reserved words".
"""

import ast
import itertools
import re
from pathlib import Path
from typing import Any

import pytest

from chalicelib.storage.aws import expressions
from chalicelib.storage.layout import INDEXES, Table
from chalicelib.storage.tables import Absent, AtVersion, Condition, Range

PROJECT = Path(__file__).parents[3]
RESERVED = frozenset(Path(__file__).with_name("reserved_words.txt").read_text().split())
KEYWORDS = {"AND", "BETWEEN", "attribute_not_exists"}  # the bare words that our language has; none names an attribute
PARAMETER = re.compile(r"(Condition|KeyCondition|Filter|Projection|Update)Expression|ExpressionAttribute(Names|Values)")
TOKEN = re.compile(r"\s*(?:(#[A-Za-z0-9_]+)|(:[A-Za-z0-9_]+)|([A-Za-z_][A-Za-z0-9_]*)|(<=|>=|<>|[=<>(),]))")
INDEX_OPTIONS = [None, *itertools.chain.from_iterable(INDEXES.values())]
RANGES = [
    Range(Table.CORE, "P", between, index=index)
    for index in INDEX_OPTIONS
    for between in (None, ("a", "b"))
    if index is None or between is None  # an index is always read as a whole partition
]


class Parser:
    """Recursive descent over the part of the grammar that conditions and key conditions share."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text):
            found = TOKEN.match(text, place)
            assert found, f"unknown character in {text!r} at {place}"
            kind = ("name", "value", "word", "sign")[next(n for n, group in enumerate(found.groups()) if group)]
            self.tokens.append((kind, found.group().strip()))
            place = found.end()
        self.used: set[str] = set()

    def take(self, kind: str, text: str = "") -> str:
        assert self.tokens, f"the expression ends where {text or kind} should follow"
        got_kind, got = self.tokens.pop(0)
        assert got_kind == kind, f"{got!r} is no {kind}"
        assert not text or got == text, f"{got!r} is not {text!r}"
        if kind in ("name", "value"):
            self.used.add(got)
        return got

    def ahead(self, text: str) -> bool:
        return bool(self.tokens) and self.tokens[0][1] == text

    def end(self) -> None:
        assert not self.tokens, f"left over: {self.tokens}"

    def condition(self) -> None:
        """operand comparator operand | function(path); nothing else is in our language."""
        if self.tokens[0][0] == "word":
            function = self.take("word")
            assert function in ("attribute_exists", "attribute_not_exists"), function
            self.take("sign", "(")
            self.take("name")
            self.take("sign", ")")
        else:
            self.take("name")
            assert self.take("sign") in ("=", "<>", "<", "<=", ">", ">=")
            self.take("value")
        self.end()

    def key_condition(self) -> tuple[str, str]:
        """partitionKey = :value [AND sortKey (comparator :value | BETWEEN :low AND :high)]; never OR or NOT."""
        partition, sort = self.take("name"), ""
        self.take("sign", "=")
        self.take("value")
        if self.ahead("AND"):
            self.take("word", "AND")
            sort = self.take("name")
            self.take("word", "BETWEEN")
            self.take("value")
            self.take("word", "AND")
            self.take("value")
        self.end()
        return partition, sort


def declared(parameters: dict[str, Any]) -> set[str]:
    return {*parameters["ExpressionAttributeNames"], *parameters.get("ExpressionAttributeValues", {})}


@pytest.mark.parametrize("condition", [Absent(), AtVersion(0), AtVersion(12)], ids=str)
def test_conditions(condition: Condition) -> None:
    parameters = expressions.condition(condition)
    parser = Parser(parameters["ConditionExpression"])
    parser.condition()
    assert parser.used == declared(parameters), "every placeholder is used and declared, or DynamoDB refuses"
    assert parameters.get("ExpressionAttributeValues") != {}, "an empty map is refused"
    assert parameters["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


@pytest.mark.parametrize("wanted", RANGES, ids=lambda wanted: f"{wanted.index and wanted.index.name}-{wanted.between}")
def test_key_conditions(wanted: Range) -> None:
    parameters = expressions.key_range(wanted)
    parser = Parser(parameters["KeyConditionExpression"])
    partition, sort = parser.key_condition()
    assert parser.used == declared(parameters)
    names = parameters["ExpressionAttributeNames"]
    keys = (wanted.index.pk, wanted.index.sk) if wanted.index else ("pk", "sk")
    assert names[partition] == keys[0]
    assert names.get(sort, keys[1]) == keys[1]
    assert len(set(names.values())) == len(names)
    for value in parameters["ExpressionAttributeValues"].values():
        assert list(value) == ["S"]
        assert value["S"], "an empty key value is refused"


def bare_words(text: str) -> set[str]:
    return {token for kind, token in Parser(text).tokens if kind == "word"}


def every_expression() -> list[str]:
    conditions = [expressions.condition(condition) for condition in (Absent(), AtVersion(12))]
    return [each["ConditionExpression"] for each in conditions] + [
        expressions.key_range(wanted)["KeyConditionExpression"] for wanted in RANGES
    ]


def names_an_attribute_by_a_reserved_word(text: str) -> set[str]:
    return {word for word in bare_words(text) - KEYWORDS if word.upper() in RESERVED}


def test_the_list_of_reserved_words_is_complete() -> None:
    assert len(RESERVED) == 573
    assert {"ABORT", "NAME", "STATUS", "TTL", "VERSION", "ZONE"} - RESERVED == {"VERSION"}


@pytest.mark.parametrize("text", every_expression())
def test_no_attribute_stands_bare(text: str) -> None:
    """Not even one that is no reserved word today."""
    assert names_an_attribute_by_a_reserved_word(text) == set()
    assert bare_words(text) <= KEYWORDS


def test_a_bare_reserved_word_is_found() -> None:
    assert names_an_attribute_by_a_reserved_word("status = :a AND #b BETWEEN :c AND :d") == {"status"}
    assert names_an_attribute_by_a_reserved_word("version = :a") == set()


def strings(path: Path) -> set[str]:
    """Every string and keyword argument of a module that is no docstring or comment."""
    tree = ast.parse(path.read_text())
    found = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return found | {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword) and node.arg}


def test_expressions_are_built_in_one_module_only() -> None:
    sources = [PROJECT / "app.py", *(PROJECT / "chalicelib").rglob("*.py")]
    builders = {
        path.relative_to(PROJECT).as_posix() for path in sources if any(map(PARAMETER.fullmatch, strings(path)))
    }
    assert builders == {"chalicelib/storage/aws/expressions.py"}


def test_conditions_cover_the_language() -> None:
    assert set(Condition.__args__) == {Absent, AtVersion}


@pytest.mark.parametrize(
    "text",
    [
        "version = :v",
        "#a = :b OR #c = :d",
        "#a",
        "attribute_not_exists(pk)",
        "size(#a)",
        "#a = :b AND",
        "#a == :b",
        "#a = #b",
        "",
    ],
)
def test_the_parser_refuses(text: str) -> None:
    with pytest.raises((AssertionError, IndexError)):
        Parser(text).condition()


@pytest.mark.parametrize(
    "text", ["#a = :b OR #c = :d", "#a > :b", "#a = :b AND #c BETWEEN :d", "pk = :b", "#a = :b AND #c <> :d"]
)
def test_the_parser_refuses_as_key_condition(text: str) -> None:
    with pytest.raises(AssertionError):
        Parser(text).key_condition()
