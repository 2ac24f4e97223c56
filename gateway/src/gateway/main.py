"""What the gateway is made of."""

from fastapi import FastAPI

from gateway.edge.app import Edge
from gateway.edge.proxy import Proxy
from gateway.edge.records import AccessLog
from gateway.edge.routes import routes_of
from gateway.late_identity import LateIdentity
from gateway.oidc import routes as protocol
from gateway.own_api import OwnApi
from gateway.parts import open_parts, tidy, watch_revocations
from gateway.people import routes as people
from gateway.permissions import PERMISSIONS
from gateway.seed import seed
from gateway.settings import GatewaySettings
from gateway.signin import api as sessions
from gateway.tables import metadata
from onestop_runtime.context import Context
from onestop_runtime.service import Service


def _configure(app: FastAPI, context: Context) -> None:
    """Stand the edge around the provider; the last one added is the outermost."""
    settings = context.settings
    if not isinstance(settings, GatewaySettings):
        raise TypeError(type(settings).__name__)
    identity = LateIdentity(context)
    app.add_middleware(OwnApi, identity=identity)
    proxy = Proxy(routes_of(settings.upstreams), identity, public_url=settings.public_url, access_log=AccessLog())
    app.add_middleware(Edge, proxy=proxy)


SERVICE = Service(
    name="gateway",
    package="gateway",
    title="秦皇岛经济技术开发区一网通办：身份与登录",
    settings=GatewaySettings,
    metadata=metadata,
    routers=(protocol.router, people.queries, sessions.queries, sessions.commands),
    permissions=PERMISSIONS,
    seed=seed,
    startup=open_parts,
    workers=(watch_revocations, tidy),
    configure=_configure,
)
