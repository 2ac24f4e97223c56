"""Routes of the licence register."""

from onestop_runtime.problems import errors
from onestop_runtime.routing import Read, query_router
from svc_datashare.licences import service
from svc_datashare.licences.domain import LicenceNotFound
from svc_datashare.licences.schemas import LicenceView

queries = query_router("/api/datashare/v1/licences", ["电子证照"])


@queries.get("/{identifier}", responses=errors(LicenceNotFound))
async def verify_licence(identifier: str, tx: Read) -> LicenceView:
    """核验一份电子证照（任何人）：是否有效、持证主体和发证机关."""
    return LicenceView.of(await service.verify(tx, identifier), tx.now)
