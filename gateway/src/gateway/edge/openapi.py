"""One OpenAPI document out of those of all services: pure, so that the generator and the running gateway agree.

A component `CaseView` of service `intake` becomes `IntakeCaseView`; problem documents, which are the same everywhere,
are kept once. What the edge does not route is not shown.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from gateway.edge.failures import EDGE_FAILURES
from onestop_runtime.problems import MEDIA_TYPE, Problem, errors

Document = dict[str, Any]

TITLE = "秦皇岛经济技术开发区一网通办开放接口"
DESCRIPTION = (
    "各服务的接口在此汇总，经统一网关访问。除注明外，请求须携带统一身份认证签发的访问令牌；"
    "出错时返回 RFC 9457 问题说明，其 type 可在本网关打开查看。"
)
REFUSAL = "EdgeRefusal"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_ENDING: Document = {
    "Deprecation": {"description": "自何时起不建议使用（RFC 9745）", "schema": {"type": "string"}},
    "Sunset": {"description": "自何时起可能停用（RFC 8594）", "schema": {"type": "string"}},
}
_INTERNAL_HEADERS = ("onestop-assertion",)
_COMPONENTS = "#/components/"


def merge(documents: Mapping[str, Document], absent: Collection[str] = ()) -> Document:
    """Return one document for all services.

    Args:
        documents: the services' own documents by short name; `gateway` for the gateway's own.
        absent: services that should be there and could not be asked; they are named in the document.

    Raises:
        ValueError: when two services claim the same address, operation id or component name.
    """
    merged: Document = {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": "1.0.0", "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [],
        "x-tagGroups": [],
        "paths": {},
        "components": {
            "schemas": dict(SHARED),
            "responses": {REFUSAL: _refusal()},
            "securitySchemes": {
                "oidc": {
                    "type": "openIdConnect",
                    "openIdConnectUrl": "/.well-known/openid-configuration",
                    "description": "统一身份认证（OpenID Connect，授权码 + PKCE）。",
                }
            },
        },
        "security": [{"oidc": []}, {}],
    }
    for service in sorted(documents):
        _add(merged, service, documents[service])
    if absent:
        merged["x-absent-services"] = sorted(absent)
        merged["info"]["description"] += "目前联系不上的服务：" + "、".join(sorted(absent)) + "。"
    _check_operation_ids(merged)
    return merged


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Yield path, method and operation of everything a document describes."""
    for path, item in document.get("paths", {}).items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def prefix_of(service: str) -> str:
    """Return what the names of a service's components begin with in the merged document."""
    return "".join(word.capitalize() for word in service.split("-"))


def _shared_schemas() -> Document:
    _, schema = models_json_schema([(Problem, "serialization")], ref_template=_COMPONENTS + "schemas/{model}")
    shared: Document = _without_nulls(schema["$defs"])
    return shared


def _without_nulls(part: Any) -> Any:
    """Return `part` as FastAPI writes schemas: a default that is null is left out."""
    if isinstance(part, dict):
        return {key: _without_nulls(value) for key, value in part.items() if value is not None}
    return [_without_nulls(one) for one in part] if isinstance(part, list) else part


SHARED = _shared_schemas()
"""Schemas that the runtime gives to every service alike."""


def _refusal() -> Document:
    """Return the answers that the edge may give in a service's stead."""
    examples: Document = {}
    for response in errors(*EDGE_FAILURES).values():
        examples |= response["content"][MEDIA_TYPE]["examples"]
    return {
        "description": "网关在请求到达服务之前或服务没有答复时返回的问题说明",
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_COMPONENTS}schemas/Problem"}, "examples": examples}},
    }


def _add(merged: Document, service: str, document: Document) -> None:
    """Add the operations of one service and the components they need."""
    own = {
        f"{_COMPONENTS}{kind}/{name}": component
        for kind, components in document.get("components", {}).items()
        for name, component in components.items()
        if kind != "securitySchemes" and not (kind == "schemas" and SHARED.get(name) == component)
    }
    prefix = prefix_of(service)
    names = {old: "/".join((*old.split("/")[:-1], prefix + old.rpartition("/")[2])) for old in own}
    for old, new in names.items():
        kind, name = new.removeprefix(_COMPONENTS).split("/")
        target = merged["components"].setdefault(kind, {})
        if name in target:
            raise ValueError(f"two components are called {name}")
        target[name] = _renamed(own[old], names)
    tags: list[str] = []
    for path, item in document.get("paths", {}).items():
        if not path.startswith(f"/api/{service}/") and service != "gateway":
            continue
        if path in merged["paths"]:
            raise ValueError(f"two services answer {path}")
        merged["paths"][path] = _item(service, _renamed(item, names), tags)
    _group(merged, service, document, tags)


def _item(service: str, item: Document, tags: list[str]) -> Document:
    for method in _METHODS:
        operation = item.get(method)
        if operation is None:
            continue
        own = operation.get("tags") or ["其他"]
        operation["tags"] = [f"{service} · {tag}" for tag in own]
        tags += [tag for tag in operation["tags"] if tag not in tags]
        if "operationId" in operation:
            operation["operationId"] = f"{service.replace('-', '_')}_{operation['operationId']}"
        if "parameters" in operation:
            operation["parameters"] = [one for one in operation["parameters"] if not _is_internal(one)]
        if operation.get("security"):
            operation["security"] = [{"oidc": []}]
        if operation.get("deprecated"):
            _say_that_it_ends(operation)
        if service != "gateway":
            operation.setdefault("responses", {}).setdefault("default", {"$ref": f"{_COMPONENTS}responses/{REFUSAL}"})
    return item


def _say_that_it_ends(operation: Document) -> None:
    """Describe the headers by which the answers of a deprecated operation say so."""
    for status, response in operation.get("responses", {}).items():
        if status.startswith("2"):
            response["headers"] = response.get("headers", {}) | _ENDING


def _is_internal(parameter: Document) -> bool:
    return parameter.get("in") == "header" and parameter.get("name", "").lower() in _INTERNAL_HEADERS


def _group(merged: Document, service: str, document: Document, tags: list[str]) -> None:
    """Keep the descriptions of the service's tags and put them under the service's title."""
    described = {tag["name"]: tag for tag in document.get("tags", ())}
    for tag in tags:
        name = tag.removeprefix(f"{service} · ")
        merged["tags"].append({**described.get(name, {}), "name": tag})
    title = document.get("info", {}).get("title", service)
    merged["x-tagGroups"].append({"name": title, "service": service, "tags": tags})


def _renamed(part: Any, names: Mapping[str, str]) -> Any:
    """Return a copy of `part` with every reference to a component under its new name."""
    if isinstance(part, dict):
        return {
            key: names.get(value, value) if key == "$ref" and isinstance(value, str) else _renamed(value, names)
            for key, value in part.items()
        } | _renamed_mapping(part, names)
    if isinstance(part, list):
        return [_renamed(one, names) for one in part]
    return part


def _renamed_mapping(part: Document, names: Mapping[str, str]) -> Document:
    """Return the part's discriminator, whose mapping holds references as plain text."""
    discriminator = part.get("discriminator")
    if not isinstance(discriminator, dict) or not isinstance(discriminator.get("mapping"), dict):
        return {}
    mapping = {key: names.get(value, value) for key, value in discriminator["mapping"].items()}
    return {"discriminator": {**discriminator, "mapping": mapping}}


def _check_operation_ids(merged: Document) -> None:
    seen: set[str] = set()
    for path, method, operation in operations(merged):
        name = operation.get("operationId")
        if name in seen:
            raise ValueError(f"two operations are called {name}, one of them {method.upper()} {path}")
        if name:
            seen.add(name)
