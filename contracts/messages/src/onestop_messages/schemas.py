"""JSON Schemas of the events, generated from the models, and what counts as a breaking change of one."""

import operator
from collections.abc import Iterator
from typing import Any

from onestop_messages import EVENTS
from onestop_messages.base import Event

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def file_name(event_type: str) -> str:
    """Return the short name of an event's files: `case.accepted.v1` for `cn.onestop.intake.case.accepted.v1`."""
    return event_type.split(".", 3)[3]


def schema_of(model: type[Event]) -> dict[str, Any]:
    """Return the JSON Schema of an event's payload as it is published."""
    schema = model.model_json_schema(mode="serialization")
    return {
        "$schema": DIALECT,
        "$id": f"urn:onestop:event:{model.TYPE}",
        "x-topic": model.TOPIC,
        **schema,
    }


def all_schemas() -> dict[str, dict[str, Any]]:
    """Return every event's schema by short name, sorted."""
    return {file_name(event_type): schema_of(EVENTS[event_type]) for event_type in sorted(EVENTS, key=file_name)}


def breaks(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return what a consumer written for `old` could stumble over in events of `new`; empty when nothing.

    A break is a field that is gone, no longer always there, of another type, or with values not known before; and
    another topic.
    """
    moved = (
        []
        if old.get("x-topic") == new.get("x-topic")
        else [f"x-topic {old.get('x-topic')} became {new.get('x-topic')}"]
    )
    return [*moved, *_breaks(old, new, old, new, "")]


def _breaks(old: Any, new: Any, old_root: dict[str, Any], new_root: dict[str, Any], place: str) -> Iterator[str]:
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    if old.get("type") != new.get("type") or old.get("format") != new.get("format"):
        yield f"{place or '/'}: type {_kind(old)} became {_kind(new)}"
        return
    yield from _values(old, new, place)
    if "anyOf" in old or "anyOf" in new:
        yield from _alternatives(old, new, old_root, new_root, place)
    required = set(new.get("required", ()))
    for name, part in old.get("properties", {}).items():
        here = f"{place}/{name}"
        if name not in new.get("properties", {}):
            yield f"{here}: removed"
            continue
        if name in old.get("required", ()) and name not in required:
            yield f"{here}: no longer always there"
        yield from _breaks(part, new["properties"][name], old_root, new_root, here)
    for inner in ("items", "additionalProperties"):
        if isinstance(old.get(inner), dict) and isinstance(new.get(inner), dict):
            yield from _breaks(old[inner], new[inner], old_root, new_root, f"{place}/*")


def _values(old: dict[str, Any], new: dict[str, Any], place: str) -> Iterator[str]:
    """Yield the ways in which `new` has values that `old` has not."""
    before, now = _listed(old), _listed(new)
    if before and not now:
        yield f"{place}: any value"
    if before and (added := now - before):
        yield f"{place}: new values {', '.join(sorted(added))}"
    if "pattern" in old and old["pattern"] != new.get("pattern"):
        yield f"{place}: another pattern"
    for bound, further in _BOUNDS.items():
        if bound in old and (bound not in new or further(new[bound], old[bound])):
            yield f"{place}: {bound} {old[bound]} became {new.get(bound, 'none')}"


_BOUNDS = {
    "maximum": operator.gt, "exclusiveMaximum": operator.gt, "maxLength": operator.gt, "maxItems": operator.gt,
    "minimum": operator.lt, "exclusiveMinimum": operator.lt, "minLength": operator.lt, "minItems": operator.lt,
}  # fmt: skip


def _listed(part: dict[str, Any]) -> set[str]:
    return {str(value) for value in (*part.get("enum", ()), *([part["const"]] if "const" in part else ()))}


def _alternatives(
    old: dict[str, Any], new: dict[str, Any], old_root: dict[str, Any], new_root: dict[str, Any], place: str
) -> Iterator[str]:
    before = [_resolved(part, old_root) for part in old.get("anyOf", [old])]
    for part in new.get("anyOf", [new]):
        now = _resolved(part, new_root)
        twin = next((known for known in before if _kind(known) == _kind(now)), None)
        if twin is None:
            yield f"{place}: may now be {_kind(now)}"
        else:
            yield from _breaks(twin, now, old_root, new_root, place)


def _resolved(part: Any, root: dict[str, Any]) -> dict[str, Any]:
    while isinstance(part, dict) and "$ref" in part:
        part = root["$defs"][part["$ref"].rpartition("/")[2]]
    return part if isinstance(part, dict) else {}


def _kind(part: dict[str, Any]) -> str:
    return "/".join(str(part[key]) for key in ("type", "format") if key in part) or "anything"
