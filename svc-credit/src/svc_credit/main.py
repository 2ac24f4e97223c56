"""What svc-credit is made of."""

from onestop_runtime.service import Service
from svc_credit import ledger, tables
from svc_credit.consumers import PROJECTIONS, SUBSCRIPTIONS
from svc_credit.permissions import PERMISSIONS
from svc_credit.records import routes as records
from svc_credit.records import worker
from svc_credit.records.domain.record import RecordExists
from svc_credit.seed import seed
from svc_credit.settings import Settings
from svc_credit.subjects import routes as subjects

SERVICE = Service(
    name="credit",
    package="svc_credit",
    title="信用公示",
    settings=Settings,
    metadata=tables.metadata,
    routers=(records.queries, records.commands, subjects.queries, ledger.queries),
    permissions=PERMISSIONS,
    subscriptions=SUBSCRIPTIONS,
    projections=PROJECTIONS,
    constraints={"record_once_per_decision": RecordExists},
    seed=seed,
    workers=(worker.work,),
)
