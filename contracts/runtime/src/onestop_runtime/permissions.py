"""Permissions as a table: role × action × condition.

A condition is a set of equalities between a row's attributes and the caller's. The same data answers for one row
(`permits`) and for a list (`clause`), so that a list never shows what a get refuses.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from onestop_runtime.caller import Caller
from onestop_runtime.problems import NotPermitted, NotSignedIn


@dataclass(frozen=True, slots=True)
class Condition:
    """Equalities `row attribute = caller attribute`; a quoted value is a literal, an empty set always holds."""

    equalities: tuple[tuple[str, str], ...]

    def holds(self, caller: Caller, row: Any) -> bool:
        """Tell whether every equality holds; an absent value equals nothing."""
        for attribute, source in self.equalities:
            expected = _value(caller, source)
            if expected is None or _attribute(row, attribute) != expected:
                return False
        return True


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    role: str
    action: str
    condition: Condition


def where(**equalities: str) -> Condition:
    """Return the condition that the row's attributes equal the caller's: `where(applicant_id="party")`."""
    return Condition(tuple(sorted(equalities.items())))


def allow(role: str, action: str, condition: Condition | None = None) -> Rule:
    """Return the rule that callers of `role` may do `action` where `condition` holds."""
    return Rule(role, action, condition or where())


class PermissionTable:
    """The permissions of a service, readable as data through `rules`."""

    def __init__(self, *rules: Rule) -> None:
        self.rules = rules
        self._by_action: dict[str, list[Rule]] = {}
        for rule in rules:
            self._by_action.setdefault(rule.action, []).append(rule)

    def conditions(self, caller: Caller, action: str) -> tuple[Condition, ...]:
        """Return under which conditions the caller may do `action`; empty means never. Hashable."""
        found = {rule.condition for rule in self._rules_for(action) if rule.role in caller.roles}
        return tuple(sorted(found, key=lambda condition: condition.equalities))

    def permits(self, caller: Caller, action: str, row: Any = None) -> bool:
        """Tell whether the caller may do `action` to `row` (an object, a mapping or a database row)."""
        return any(condition.holds(caller, row) for condition in self.conditions(caller, action))

    def require(self, caller: Caller, action: str, row: Any = None) -> None:
        """Do nothing when the caller may do `action` to `row`.

        Raises:
            NotSignedIn: when nobody is signed in.
            NotPermitted: when somebody is, but may not.
        """
        if self.permits(caller, action, row):
            return
        if caller.kind == "anonymous":
            raise NotSignedIn
        raise NotPermitted

    def clause(self, conditions: tuple[Condition, ...], columns: Mapping[str, Any] | sa.FromClause) -> Any:
        """Return the SQL that selects the rows for which one of `conditions` holds.

        `columns` maps attribute names to columns; a table stands for its own. The values come from `parameters`.
        """
        named: Any = columns.c if isinstance(columns, sa.FromClause) else columns
        return sa.or_(
            sa.false(),
            *(
                sa.and_(
                    sa.true(),
                    *(_equals(named[attribute], source) for attribute, source in condition.equalities),
                )
                for condition in conditions
            ),
        )

    def parameters(self, conditions: tuple[Condition, ...], caller: Caller) -> dict[str, Any]:
        """Return the values for the parameters of `clause`."""
        sources = {source for condition in conditions for _, source in condition.equalities}
        return {f"caller_{source}": _value(caller, source) for source in sources if not source.startswith("'")}

    def _rules_for(self, action: str) -> list[Rule]:
        return self._by_action.get(action, [])


def _value(caller: Caller, source: str) -> Any:
    return source[1:-1] if source.startswith("'") else getattr(caller, source)


def _attribute(row: Any, name: str) -> Any:
    return row[name] if hasattr(row, "keys") else getattr(row, name)


def _equals(column: Any, source: str) -> Any:
    if source.startswith("'"):
        return column == sa.literal(source[1:-1])
    return column == sa.bindparam(f"caller_{source}", type_=column.type)
