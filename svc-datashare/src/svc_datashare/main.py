"""What svc-datashare is made of."""

from onestop_runtime.service import Service
from svc_datashare import ledger, tables
from svc_datashare.accesses import routes as accesses
from svc_datashare.consumers import SUBSCRIPTIONS
from svc_datashare.exchange import routes as exchange
from svc_datashare.grants import routes as grants
from svc_datashare.licences import routes as licences
from svc_datashare.permissions import PERMISSIONS
from svc_datashare.requests import routes as requests
from svc_datashare.resources import routes as resources
from svc_datashare.resources.domain.resource import AuthoritativeSourceTaken, ResourceCodeTaken
from svc_datashare.seed import seed
from svc_datashare.settings import Settings
from svc_datashare.startup import startup

SERVICE = Service(
    name="datashare",
    package="svc_datashare",
    title="政务数据共享",
    settings=Settings,
    metadata=tables.metadata,
    routers=(
        resources.queries,
        resources.commands,
        requests.queries,
        requests.commands,
        grants.queries,
        grants.commands,
        exchange.commands,
        accesses.queries,
        licences.queries,
        ledger.queries,
    ),
    permissions=PERMISSIONS,
    subscriptions=SUBSCRIPTIONS,
    constraints={
        "resource_code_once": ResourceCodeTaken,
        "resource_catalogue_code_once": ResourceCodeTaken,
        "authoritative_source_once": AuthoritativeSourceTaken,
    },
    seed=seed,
    startup=startup,
)
