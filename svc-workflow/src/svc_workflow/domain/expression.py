"""Conditions of a definition: a small language without side effects, loops or calls.

`outcome == 'granted' and (area > 50 or not business_type in ['sales', 'canteen'])`. A name that has no value is
absent: comparing it gives false, whatever the comparison.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from onestop_legal.errors import NamedError

_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_]\w*)|(?P<number>-?\d+(?:\.\d+)?)|'(?P<text>[^']*)'|(?P<sign>==|!=|<=|>=|[<>()\[\],]))"
)
_LONGEST = 500

Node = tuple[Any, ...]


class InvalidExpression(NamedError):
    """A condition of a definition cannot be understood."""

    slug = "invalid-expression"
    title = "流程定义中的条件无法理解"
    status = 422


_ABSENT = object()


class Expression:
    """A parsed condition; `source` is how it was written."""

    __slots__ = ("_tree", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        self._tree = _Parser(source).parse()

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Tell whether the condition holds for `values`."""
        return bool(_evaluate(self._tree, values))


class _Parser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._tokens: list[tuple[str, str]] = list(self._split(source))
        self._position = 0

    def parse(self) -> Node:
        tree = self._any()
        if self._position < len(self._tokens):
            self._fail()
        return tree

    def _split(self, source: str) -> Iterator[tuple[str, str]]:
        position, text = 0, source.rstrip()
        if not text or len(text) > _LONGEST:
            self._fail()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                raise self._unclear()
            kind = str(found.lastgroup)
            yield kind, found.group(kind)
            position = found.end()

    def _unclear(self) -> InvalidExpression:
        return InvalidExpression(f"无法理解的条件：{self._source[:80]}")

    def _fail(self) -> NoReturn:
        raise self._unclear()

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._position] if self._position < len(self._tokens) else ("end", "")

    def _take(self, *expected: str) -> str | None:
        if self._peek()[1] in expected and self._peek()[0] in {"name", "sign"}:
            self._position += 1
            return self._tokens[self._position - 1][1]
        return None

    def _any(self) -> Node:
        tree = self._all()
        while self._take("or"):
            tree = ("or", tree, self._all())
        return tree

    def _all(self) -> Node:
        tree = self._not()
        while self._take("and"):
            tree = ("and", tree, self._not())
        return tree

    def _not(self) -> Node:
        return ("not", self._not()) if self._take("not") else self._comparison()

    def _comparison(self) -> Node:
        if self._take("("):
            tree = self._any()
            if not self._take(")"):
                self._fail()
            return tree
        left = self._value()
        sign = self._take("==", "!=", "<", "<=", ">", ">=", "in")
        if sign == "in":
            return ("in", left, self._list())
        return (sign, left, self._value()) if sign else ("true", left)

    def _list(self) -> Node:
        if not self._take("["):
            self._fail()
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        if not self._take("]"):
            self._fail()
        return tuple(values)

    def _value(self) -> Node:
        kind, text = self._peek()
        if kind not in {"name", "number", "text"} or (text in {"and", "or", "not", "in"} and kind == "name"):
            self._fail()
        self._position += 1
        if kind == "name" and text in {"true", "false"}:
            return ("constant", text == "true")
        if kind == "number":
            return ("constant", float(text) if "." in text else int(text))
        return ("constant", text) if kind == "text" else ("name", text)


def _evaluate(node: Node, values: Mapping[str, Any]) -> Any:  # noqa: PLR0911 - one line per kind of node
    kind = node[0]
    if kind == "constant":
        return node[1]
    if kind == "name":
        return values.get(node[1], _ABSENT)
    if kind == "or":
        return _evaluate(node[1], values) or _evaluate(node[2], values)
    if kind == "and":
        return _evaluate(node[1], values) and _evaluate(node[2], values)
    if kind == "not":
        return not _evaluate(node[1], values)
    if kind == "true":
        return _evaluate(node[1], values) is True
    if kind == "in":
        return _evaluate(node[1], values) in [_evaluate(value, values) for value in node[2]]
    return _compare(kind, _evaluate(node[1], values), _evaluate(node[2], values))


def _compare(sign: str, left: Any, right: Any) -> bool:
    if left is _ABSENT or right is _ABSENT:
        return False
    if sign in {"==", "!="}:
        return bool(left == right) == (sign == "==")
    try:
        return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign])
    except TypeError:
        return False
