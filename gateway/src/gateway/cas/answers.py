"""How a service is answered that shows a ticket: as XML or JSON (CAS 3.0, 2.5 and 2.6), or as CAS 1.0 did."""

from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from starlette.responses import Response

from gateway.cas.domain import Invalid, Validated
from gateway.oidc.http import NO_STORE
from onestop_runtime.codec import dumps

_NAMESPACE: Final = "http://www.yale.edu/tp/cas"
_HEADERS: Final = {**NO_STORE, "X-Content-Type-Options": "nosniff"}

register_namespace("cas", _NAMESPACE)


def success(validated: Validated, *, attributes: bool, as_json: bool) -> Response:
    """Return the answer to a good ticket, with `attributes` for who asks for these (`/p3/…`)."""
    told = validated.attributes if attributes else {}
    if as_json:
        content: dict[str, Any] = {"user": validated.user}
        if told:
            content["attributes"] = dict(told)
        return _json({"authenticationSuccess": content})
    root = Element(_name("serviceResponse"))
    answer = SubElement(root, _name("authenticationSuccess"))
    SubElement(answer, _name("user")).text = validated.user
    if told:
        listed = SubElement(answer, _name("attributes"))
        for name, value in told.items():
            for one in (value,) if isinstance(value, str) else value:
                SubElement(listed, _name(name)).text = one
    return _xml(root)


def failure(invalid: Invalid, *, as_json: bool) -> Response:
    """Return the answer to a ticket that proves nothing."""
    if as_json:
        content = {"code": invalid.code, "description": invalid.description}
        return _json({"authenticationFailure": content})
    root = Element(_name("serviceResponse"))
    SubElement(root, _name("authenticationFailure"), code=invalid.code).text = invalid.description
    return _xml(root)


def plain(validated: Validated | None) -> Response:
    """Return the answer of CAS 1.0: `yes` and the user, or `no`."""
    text = f"yes\n{validated.user}\n" if validated else "no\n\n"
    return Response(text, headers=_HEADERS, media_type="text/plain; charset=utf-8")


def _name(local: str) -> str:
    return f"{{{_NAMESPACE}}}{local}"


def _xml(root: Element) -> Response:
    return Response(tostring(root, encoding="utf-8"), headers=_HEADERS, media_type="application/xml; charset=utf-8")


def _json(answer: dict[str, Any]) -> Response:
    return Response(dumps({"serviceResponse": answer}), headers=_HEADERS, media_type="application/json")
