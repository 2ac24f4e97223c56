"""What an application promises about itself: each problem that it answers stands in its OpenAPI document."""

from typing import cast

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute

from onestop_runtime.problems import MEDIA_TYPE, problem_type

_Promised = dict[tuple[str, str], set[str]]
_KNOWN: dict[str, _Promised] = {}
"""By title of the application: a document takes a tenth of a second to write."""


class Promises:
    """Holds the answers of the application behind a transport to its document."""

    def __init__(self, transport: httpx.ASGITransport) -> None:
        self._app = cast("FastAPI", transport.app)

    async def check(self, answer: httpx.Response) -> None:
        """Raise `AssertionError` when an operation answers a problem that it does not document."""
        if answer.headers.get("content-type") != MEDIA_TYPE:
            return
        method, path = answer.request.method, answer.request.url.path
        routes = [one for one in self._app.routes if isinstance(one, APIRoute) and _is_for(one, method, path)]
        if not routes:
            return
        await answer.aread()
        problem = answer.json()["type"]
        operation = (method, routes[0].path_format)
        if problem not in self._promised()[operation]:
            raise AssertionError(f"{' '.join(operation)} does not document {answer.status_code} {problem}")

    def _promised(self) -> _Promised:
        if self._app.title not in _KNOWN:
            _KNOWN[self._app.title] = {
                (method.upper(), path): {
                    problem_type(slug)
                    for response in operation["responses"].values()
                    for slug in response.get("content", {}).get(MEDIA_TYPE, {}).get("examples", {})
                }
                for path, methods in self._app.openapi()["paths"].items()
                for method, operation in methods.items()
            }
        return _KNOWN[self._app.title]


def _is_for(route: APIRoute, method: str, path: str) -> bool:
    methods = route.methods or ()
    return route.include_in_schema and method in methods and route.path_regex.fullmatch(path) is not None
