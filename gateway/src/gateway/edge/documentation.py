"""`/openapi.json`, `/docs` and `/problems`: the merged document for programs and for people.

The pages are rendered here, without scripts and with one style sheet of our own. A documentation bundle in JavaScript
would run on the origin where people sign in, would need a weaker content policy, speaks English only, and is a
megabyte and a half that somebody else maintains; a list of operations needs none of it.
"""

from hashlib import sha256
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from gateway.edge.documents import Documents, Merged
from gateway.edge.openapi import TITLE, Document
from gateway.edge.reference import Chapter, Operation, ProblemPage, chapters, problem_pages
from onestop_runtime.problems import MethodNotAllowed, problem_response

_STYLE = files("gateway.edge").joinpath("static/reference.css").read_bytes()
STYLE_PATH = f"/assets/reference-{sha256(_STYLE).hexdigest()[:16]}.css"
OPENAPI_PATH = "/openapi.json"
_SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_LONGEST_SEARCH = 100


class Documentation:
    """Answers the addresses of the documentation.

    Args:
        documents: where the merged document comes from.
        public_url: the address that example calls name.
    """

    def __init__(self, documents: Documents, public_url: str) -> None:
        self._documents = documents
        self._public_url = public_url
        self._made_of: Merged | None = None
        self._chapters: list[Chapter] = []
        self._problems: dict[str, ProblemPage] = {}
        self._templates = Environment(
            loader=PackageLoader("gateway.edge"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {"style_path": STYLE_PATH, "title": TITLE}

    @staticmethod
    def answers(path: str) -> bool:
        """Return whether this address belongs to the documentation."""
        return path in (OPENAPI_PATH, "/docs", "/problems", STYLE_PATH) or path.startswith(("/docs/", "/problems/"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        response = await self._response(scope) if scope["method"] in ("GET", "HEAD") else _not_allowed()
        await response(scope, receive, send)

    async def _response(self, scope: Scope) -> Response:
        path: str = scope["path"]
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if path == STYLE_PATH:
            kept = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
            return Response(_STYLE, headers=kept, media_type="text/css; charset=utf-8")
        own = getattr(scope.get("app"), "openapi", None)
        merged = await self._documents.merged(own() if own else None)
        if path == OPENAPI_PATH:
            return _document(merged, headers)
        self._read(merged)
        if path == "/docs":
            return self._contents(scope["query_string"], merged.content)
        if path == "/problems":
            return self._page("problems", pages=list(self._problems.values()))
        kind, _, name = path.removeprefix("/").partition("/")
        return self._chapter(name) if kind == "docs" else self._problem(name)

    def _read(self, merged: Merged) -> None:
        """Make the pages' contents anew when the document changed."""
        if merged is not self._made_of:
            self._chapters = chapters(merged.content, self._public_url)
            self._problems = problem_pages(merged.content, self._chapters)
            self._made_of = merged

    def _contents(self, query: bytes, document: Document) -> Response:
        wanted = parse_qs(query.decode("latin-1"), errors="replace").get("q", [""])[0].strip()[:_LONGEST_SEARCH]
        found = [
            (chapter.service, operation)
            for chapter in self._chapters
            for tag, members in chapter.tags
            for operation in members
            if wanted and _matches(wanted, chapter, tag, operation)
        ]
        absent = document.get("x-absent-services", [])
        return self._page("contents", chapters=self._chapters, wanted=wanted, found=found, absent=absent)

    def _chapter(self, service: str) -> Response:
        chapter = next((one for one in self._chapters if one.service == service), None)
        if chapter is None:
            return self._page("missing", 404, what="没有这项服务的接口说明，或该服务目前联系不上。", back="/docs")
        return self._page("chapter", chapter=chapter, known={schema.name for schema in chapter.schemas})

    def _problem(self, slug: str) -> Response:
        page = self._problems.get(slug)
        if page is None:
            text = "没有登记这种问题；如果给出它的服务目前联系不上，请稍后再来查看。"
            return self._page("missing", 404, what=text, back="/problems")
        return self._page("problem", page=page)

    def _page(self, template: str, status: int = 200, **values: Any) -> Response:
        text = self._templates.get_template(f"{template}.html").render(values)
        return HTMLResponse(text, status, {**_SECURITY, "Cache-Control": "no-cache"})


def _matches(wanted: str, chapter: Chapter, tag: str, operation: Operation) -> bool:
    text = f"{chapter.title} {tag} {operation.method} {operation.path} {operation.summary} {operation.description}"
    return all(word in text.lower() for word in wanted.lower().split())


def _document(merged: Merged, headers: dict[bytes, str]) -> Response:
    """Return the merged document, compressed for those who take it, or 304 for those who have it."""
    answered = {
        "ETag": merged.etag,
        "Cache-Control": "no-cache",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if merged.etag in headers.get(b"if-none-match", ""):
        return Response(status_code=304, headers=answered)
    if "gzip" in headers.get(b"accept-encoding", ""):
        packed = {**answered, "Content-Encoding": "gzip"}
        return Response(merged.packed, headers=packed, media_type="application/json")
    return Response(merged.body, headers=answered, media_type="application/json")


def _not_allowed() -> Response:
    return problem_response(MethodNotAllowed(), {"Allow": "GET, HEAD"})
