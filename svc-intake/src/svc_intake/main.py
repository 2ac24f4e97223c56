"""svc-intake: what it is made of."""

from onestop_runtime.service import Service
from svc_intake import ledger
from svc_intake.consumers import PROJECTIONS, SUBSCRIPTIONS
from svc_intake.domain.authority import AuthorityNumberTaken
from svc_intake.permissions import PERMISSIONS
from svc_intake.resources import resources
from svc_intake.routes import answers, authorities, cases, materials
from svc_intake.seed import seed
from svc_intake.service import silence, sweeping
from svc_intake.settings import Settings
from svc_intake.tables import metadata

SERVICE = Service(
    name="intake",
    package="svc_intake",
    title="统一受理服务：申请、材料、收件、补正、受理",
    settings=Settings,
    metadata=metadata,
    routers=(
        cases.commands,
        cases.submissions,
        cases.queries,
        materials.streams,
        materials.commands,
        materials.queries,
        answers.commands,
        answers.disclosures,
        authorities.commands,
        authorities.queries,
        ledger.queries,
    ),
    permissions=PERMISSIONS,
    subscriptions=SUBSCRIPTIONS,
    projections=PROJECTIONS,
    constraints={"acceptance_authority_number_once": AuthorityNumberTaken},
    seed=seed,
    startup=resources,
    workers=(silence.run, sweeping.run),
)
