"""The examples of an OpenAPI document: given with the models, and completed to what answers really look like."""

from collections.abc import Iterator
from typing import Any

from pydantic import ConfigDict

Schema = dict[str, Any]


def example(**values: Any) -> ConfigDict:
    """Return the model configuration that shows `values` in the documentation."""
    return examples(values)


def examples(*shown: Any) -> ConfigDict:
    """Return the same for several examples; the first is the one that most readers see."""
    return ConfigDict(json_schema_extra={"examples": [*shown]})


def complete_examples(document: dict[str, Any]) -> None:
    """Put back what FastAPI leaves out of examples, and show every list by the example of what it lists.

    FastAPI writes a document without nulls, also where an example shows a field that is required and empty.
    """
    named: dict[str, Schema] = document.get("components", {}).get("schemas", {})
    for schema in named.values():
        for shown in schema.get("examples", ()):
            _put_nulls_back(shown, schema, named)
    for schema in (*named.values(), *_answered(document)):
        if "examples" not in schema and (listed := _list_of_one(schema, named)):
            schema["examples"] = [listed]


def _put_nulls_back(value: Any, schema: Schema, named: dict[str, Schema]) -> None:
    schema = _resolved(schema, named)
    for choice in schema.get("anyOf", ()):
        _put_nulls_back(value, choice, named)
    if isinstance(value, list):
        for one in value:
            _put_nulls_back(one, schema.get("items", {}), named)
    elif isinstance(value, dict):
        parts = schema.get("properties", {})
        value |= {name: None for name in schema.get("required", ()) if name not in value and _nullable(parts[name])}
        for name in value.keys() & parts.keys():
            _put_nulls_back(value[name], parts[name], named)


def _nullable(schema: Schema) -> bool:
    return {"type": "null"} in schema.get("anyOf", ())


def _answered(document: dict[str, Any]) -> Iterator[Schema]:
    for path in document["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                yield from (body["schema"] for body in response.get("content", {}).values() if "schema" in body)


def _list_of_one(schema: Schema, named: dict[str, Schema]) -> Any:
    """Return the example of a list, or of a page of one; nothing for what is no list or lists what has no example."""
    match schema:
        case {"type": "array", "items": listed}:
            return _resolved(listed, named).get("examples", [])[:1]
        case {"properties": {"items": {"type": "array"} as listed}}:
            items = _list_of_one(listed, named)
            parts: dict[str, Schema] = schema["properties"]
            shown = {name: part["examples"][0] for name, part in parts.items() if "examples" in part}
            return items and {"items": items, **shown}
    return None


def _resolved(schema: Schema, named: dict[str, Schema]) -> Schema:
    while "$ref" in schema:
        schema = named[schema["$ref"].rpartition("/")[2]]
    return schema
