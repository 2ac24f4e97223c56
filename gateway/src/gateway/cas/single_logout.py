"""Single logout: what a site is told that took over a sign-in which has ended (CAS 3.0, 2.3.3)."""

from datetime import datetime
from typing import Final
from uuid import UUID
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

_PROTOCOL: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
_ASSERTION: Final = "urn:oasis:names:tc:SAML:2.0:assertion"

register_namespace("samlp", _PROTOCOL)
register_namespace("saml", _ASSERTION)


def logout_request(request_id: UUID, ticket: str, now: datetime) -> str:
    """Return the SAML request that ends the sign-in which a site knows by `ticket`; `now` is in UTC."""
    attributes = {"ID": f"LR-{request_id}", "Version": "2.0", "IssueInstant": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
    request = Element(f"{{{_PROTOCOL}}}LogoutRequest", attributes)
    SubElement(request, f"{{{_ASSERTION}}}NameID").text = "@NOT_USED@"
    SubElement(request, f"{{{_PROTOCOL}}}SessionIndex").text = ticket
    return tostring(request, encoding="unicode")
