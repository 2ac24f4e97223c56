"""svc-credit: credit files and the disclosure of decisions."""

from onestop_runtime.service import Service
from svc_credit import consumers, routes, seed, tables, workers
from svc_credit.permissions import PERMISSIONS
from svc_credit.settings import Settings

SERVICE = Service(
    name="credit",
    package="svc_credit",
    title="信用公示服务",
    settings=Settings,
    metadata=tables.metadata,
    routers=(routes.queries, routes.commands),
    permissions=PERMISSIONS,
    subscriptions=consumers.SUBSCRIPTIONS,
    seed=seed.seed,
    workers=(workers.disclose,),
)
