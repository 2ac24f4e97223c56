"""The merged OpenAPI document as people read it: what the pages of `/docs` and `/problems` show."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gateway.edge.openapi import Document, operations, prefix_of
from gateway.edge.schema_text import Words, described, rules_of
from onestop_runtime.problems import MEDIA_TYPE

_TYPE_PREFIX = "/problems/"


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a property of a body."""

    name: str
    place: str
    required: bool
    words: Words
    rules: str
    description: str


@dataclass(frozen=True, slots=True)
class Body:
    """A body as one media type has it, with an example as text."""

    media_type: str
    words: Words
    example: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What an operation answers with one status when it succeeds."""

    status: str
    description: str
    bodies: list[Body]


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem as it shows in one place."""

    slug: str
    title: str
    status: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked of a service."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    deprecated: bool
    parameters: list[Field]
    bodies: list[Body]
    answers: list[Answer]
    problems: list[Problem]
    call: str


@dataclass(frozen=True, slots=True)
class Schema:
    """A named structure with its fields."""

    name: str
    description: str
    words: Words
    fields: list[Field]


@dataclass(slots=True)
class Chapter:
    """What one service offers: operations by tag, and the structures they use."""

    service: str
    title: str
    tags: list[tuple[str, list[Operation]]] = field(default_factory=list)
    schemas: list[Schema] = field(default_factory=list)


@dataclass(slots=True)
class ProblemPage:
    """A problem with every place where it may occur."""

    slug: str
    titles: list[str]
    statuses: list[int]
    meanings: list[str]
    places: list[tuple[str, Operation]]
    anywhere: bool = False


def chapters(document: Document, public_url: str) -> list[Chapter]:
    """Return the services of a merged document in the order of their names."""
    by_tag: dict[str, list[Operation]] = {}
    for path, method, operation in operations(document):
        for tag in operation.get("tags", ()):
            by_tag.setdefault(tag, []).append(_operation(document, path, method, operation, public_url))
    groups = document.get("x-tagGroups", ())
    made = {group["service"]: Chapter(group["service"], group["name"]) for group in groups}
    for group in groups:
        made[group["service"]].tags = [(tag.partition(" · ")[2], by_tag.get(tag, [])) for tag in group["tags"]]
    for name, schema in sorted(document["components"]["schemas"].items()):
        owners = [service for service in made if name.startswith(prefix_of(service))]
        if owners:
            made[max(owners, key=len)].schemas.append(_schema(name, schema))
    return list(made.values())


def problem_pages(document: Document, known: list[Chapter]) -> dict[str, ProblemPage]:
    """Return every problem of a merged document by its slug."""
    pages: dict[str, ProblemPage] = {}
    for chapter in known:
        for _, members in chapter.tags:
            for operation in members:
                for problem in operation.problems:
                    _page_of(pages, problem).places.append((chapter.service, operation))
    for response in document["components"].get("responses", {}).values():
        for problem in _problems_in(response):
            _page_of(pages, problem).anywhere = True
    return dict(sorted(pages.items()))


def _page_of(pages: dict[str, ProblemPage], problem: Problem) -> ProblemPage:
    page = pages.setdefault(problem.slug, ProblemPage(problem.slug, [], [], [], []))
    for known, value in ((page.titles, problem.title), (page.meanings, problem.meaning)):
        if value and value not in known:
            known.append(value)
    if problem.status not in page.statuses:
        page.statuses.append(problem.status)
    return page


def _operation(document: Document, path: str, method: str, operation: Document, public_url: str) -> Operation:
    parameters = [_parameter(_resolved(document, one)) for one in operation.get("parameters", ())]
    asked = _resolved(document, operation.get("requestBody", {}))
    bodies = [_body(document, kind, media) for kind, media in asked.get("content", {}).items()]
    answers: list[Answer] = []
    problems: list[Problem] = []
    for status, raw in sorted(operation.get("responses", {}).items()):
        response = _resolved(document, raw)
        if status.startswith(("2", "3")):
            content = response.get("content", {}).items()
            description = response.get("description", "").replace("Successful Response", "成功")
            answers.append(Answer(status, description, [_body(document, kind, media) for kind, media in content]))
        elif "$ref" not in raw:
            problems += _problems_in(response)
    return Operation(
        anchor=operation.get("operationId") or f"{method}-{path}",
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        deprecated=bool(operation.get("deprecated")),
        parameters=parameters,
        bodies=bodies,
        answers=answers,
        problems=problems,
        call=_call(method, public_url + path, parameters, bodies),
    )


def _problems_in(response: Document) -> Iterator[Problem]:
    for example in response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {}).values():
        value = example.get("value", {})
        slug = str(value.get("type", "")).removeprefix(_TYPE_PREFIX)
        if slug:
            yield Problem(slug, value.get("title", ""), value.get("status", 0), example.get("description", ""))


def _parameter(parameter: Document) -> Field:
    schema = parameter.get("schema", {})
    places = {"path": "路径", "query": "查询", "header": "请求头", "cookie": "Cookie"}
    return Field(
        parameter.get("name", ""),
        places.get(parameter.get("in", ""), ""),
        bool(parameter.get("required")),
        described(schema),
        rules_of(schema),
        parameter.get("description", "") or schema.get("description", ""),
    )


def _schema(name: str, schema: Document) -> Schema:
    required = schema.get("required", ())
    fields = [
        Field(key, "", key in required, described(part), rules_of(part), part.get("description", ""))
        for key, part in schema.get("properties", {}).items()
    ]
    return Schema(name, schema.get("description", ""), described(schema), fields)


def _body(document: Document, media_type: str, media: Document) -> Body:
    return Body(media_type, described(media.get("schema", {})), _example(document, media))


def _example(document: Document, media: Document) -> str:
    """Return the first example given, of the body itself or of its schema, as indented JSON."""
    candidates = [media.get("example"), *(one.get("value") for one in media.get("examples", {}).values())]
    schema = _resolved(document, media.get("schema", {}))
    candidates += [schema.get("example"), *schema.get("examples", ())]
    given = next((one for one in candidates if one is not None), None)
    return "" if given is None else given if isinstance(given, str) else json.dumps(given, ensure_ascii=False, indent=2)


def _call(method: str, url: str, parameters: list[Field], bodies: list[Body]) -> str:
    """Return a call that can be pasted into a shell, once its blanks are filled."""
    lines = [f"curl -X {method.upper()} '{url}'", "-H 'Authorization: Bearer <访问令牌>'"]
    lines += [f"-H '{one.name}: <{one.name}>'" for one in parameters if one.place == "请求头" and one.required]
    if bodies:
        body = bodies[0]
        lines.append(f"-H 'Content-Type: {body.media_type}'")
        text = body.example.replace("'", "'\\''")
        lines.append(f"-d '{text}'" if text else "--data-binary @<文件>")
    return " \\\n  ".join(lines)


def _resolved(document: Document, part: Document) -> Document:
    """Return what `part` refers to, however many steps it takes; an unknown reference is nothing."""
    for _ in range(10):
        if "$ref" not in part:
            return part
        found: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found.get(step, {})
        part = found
    return {}
