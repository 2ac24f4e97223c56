"""What counts as a breaking change of an HTTP interface: rules that callers written for the old one need."""

import operator
from collections.abc import Iterator
from typing import Any


def breaking_changes_of(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return what a client of the OpenAPI document `old` could stumble over in `new`; empty when nothing.

    A break is: an operation or an answer is gone; a parameter or a field of a request became required, is no longer
    taken, or takes less than before; a field of an answer is gone, no longer always there, or of another type.
    """
    return list(_operations(old, new))


def _operations(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for path, methods in old.get("paths", {}).items():
        for method, before in methods.items():
            place = f"{method.upper()} {path}"
            now = new.get("paths", {}).get(path, {}).get(method)
            if now is None:
                yield f"{place}: removed"
                continue
            yield from _parameters(before, now, old, new, place)
            yield from _request(before, now, old, new, place)
            yield from _answers(before, now, old, new, place)


def _place_of(parameter: dict[str, Any]) -> tuple[str, str]:
    """Return where a parameter stands and its name; upper and lower case are one in the names of headers."""
    name = parameter["name"]
    return parameter["in"], name.lower() if parameter["in"] == "header" else name


def _parameters(
    before: dict[str, Any], now: dict[str, Any], old: dict[str, Any], new: dict[str, Any], place: str
) -> Iterator[str]:
    known = {_place_of(p): p for p in before.get("parameters", ())}
    given = {_place_of(p): p for p in now.get("parameters", ())}
    for where, name in known.keys() - given.keys():
        yield f"{place}: {where} parameter {name} is gone"
    for key, parameter in given.items():
        if parameter.get("required") and not known.get(key, {}).get("required"):
            yield f"{place}: {key[0]} parameter {key[1]} became required"
        if key in known:
            was, is_ = known[key].get("schema", {}), parameter.get("schema", {})
            yield from _fields(was, is_, old, new, f"{place} {key[0]} parameter {key[1]}", asked=True)


def _request(
    before: dict[str, Any], now: dict[str, Any], old: dict[str, Any], new: dict[str, Any], place: str
) -> Iterator[str]:
    was, is_ = _schema(before.get("requestBody", {})), _schema(now.get("requestBody", {}))
    if is_ and not was and now["requestBody"].get("required"):
        yield f"{place}: a body became required"
    if was and is_:
        yield from _fields(was, is_, old, new, f"{place} request", asked=True)


def _answers(
    before: dict[str, Any], now: dict[str, Any], old: dict[str, Any], new: dict[str, Any], place: str
) -> Iterator[str]:
    for status, answer in before.get("responses", {}).items():
        if not status.startswith("2"):
            continue
        if status not in now.get("responses", {}):
            yield f"{place}: answer {status} is gone"
            continue
        was, is_ = _schema(answer), _schema(now["responses"][status])
        if was and is_:
            yield from _fields(was, is_, old, new, f"{place} {status}", asked=False)


def _fields(
    was: dict[str, Any],
    is_: dict[str, Any],
    old: dict[str, Any],
    new: dict[str, Any],
    place: str,
    *,
    asked: bool,
    seen: frozenset[str] = frozenset(),
) -> Iterator[str]:
    if "$ref" in was:
        if was["$ref"] in seen:
            return  # a schema that contains itself
        seen |= {was["$ref"]}
    was, is_ = _resolved(was, old), _resolved(is_, new)
    if "anyOf" in was or "anyOf" in is_:
        yield from _alternatives(was, is_, old, new, place, asked=asked, seen=seen)
        return
    if was.get("type") != is_.get("type"):
        yield f"{place}: type {was.get('type')} became {is_.get('type')}"
        return
    if asked:
        yield from _narrower(was, is_, place)
    yield from _members(was, is_, old, new, place, asked=asked, seen=seen)
    if "items" in was and "items" in is_:
        yield from _fields(was["items"], is_["items"], old, new, f"{place}/*", asked=asked, seen=seen)


def _members(
    was: dict[str, Any],
    is_: dict[str, Any],
    old: dict[str, Any],
    new: dict[str, Any],
    place: str,
    *,
    asked: bool,
    seen: frozenset[str],
) -> Iterator[str]:
    required_before, required_now = set(was.get("required", ())), set(is_.get("required", ()))
    if asked:
        for name in sorted(required_now - required_before):
            yield f"{place}/{name}: became required"
    for name, part in was.get("properties", {}).items():
        if name not in is_.get("properties", {}):
            yield f"{place}/{name}: is gone"
            continue
        if not asked and name in required_before and name not in required_now:
            yield f"{place}/{name}: is no longer always there"
        yield from _fields(part, is_["properties"][name], old, new, f"{place}/{name}", asked=asked, seen=seen)


def _alternatives(
    was: dict[str, Any],
    is_: dict[str, Any],
    old: dict[str, Any],
    new: dict[str, Any],
    place: str,
    *,
    asked: bool,
    seen: frozenset[str],
) -> Iterator[str]:
    """Compare what may be one thing or another: a request has to take all it took, an answer may be nothing new."""
    before = {_kind(part): part for part in (_resolved(one, old) for one in was.get("anyOf", [was]))}
    now = {_kind(part): part for part in (_resolved(one, new) for one in is_.get("anyOf", [is_]))}
    for kind in sorted(before.keys() - now.keys() if asked else now.keys() - before.keys()):
        yield f"{place}: is no longer taken as {kind}" if asked else f"{place}: may now be {kind}"
    for kind in before.keys() & now.keys():
        yield from _fields(before[kind], now[kind], old, new, place, asked=asked, seen=seen)


def _narrower(was: dict[str, Any], is_: dict[str, Any], place: str) -> Iterator[str]:
    """Yield the ways in which fewer values are taken."""
    if "enum" in is_ and (gone := set(map(str, was.get("enum", ["anything"]))) - set(map(str, is_["enum"]))):
        yield f"{place}: no longer takes {', '.join(sorted(gone))}"
    if "pattern" in is_ and is_["pattern"] != was.get("pattern"):
        yield f"{place}: another pattern"
    for bound, tighter in _BOUNDS.items():
        if bound in is_ and (bound not in was or tighter(is_[bound], was[bound])):
            yield f"{place}: {bound} {was.get(bound, 'none')} became {is_[bound]}"
    if is_.get("additionalProperties") is False and was.get("additionalProperties") is not False:
        yield f"{place}: no longer takes fields that it does not know"


_BOUNDS = {
    "maximum": operator.lt, "maxLength": operator.lt, "maxItems": operator.lt,
    "minimum": operator.gt, "minLength": operator.gt, "minItems": operator.gt,
}  # fmt: skip


def _kind(part: dict[str, Any]) -> str:
    return "/".join(str(part[key]) for key in ("type", "format") if key in part) or "anything"


def _schema(part: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = part.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def _resolved(part: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        part = document["components"]["schemas"][part["$ref"].rpartition("/")[2]]
    return part
