"""Routes of credit files."""

from onestop_runtime.problems import errors
from onestop_runtime.routing import Read, query_router
from svc_credit.codes import credit_code_at
from svc_credit.subjects import service
from svc_credit.subjects.domain import SubjectNotFound
from svc_credit.subjects.schemas import CreditFileView

queries = query_router("/api/credit/v1/subjects", ["信用档案"])


@queries.get("/{credit_code}", responses=errors(SubjectNotFound))
async def read_credit_file(credit_code: str, tx: Read) -> CreditFileView:
    """查看企业的信用档案（任何人），按统一社会信用代码."""
    return CreditFileView.of(await service.file_of(tx, credit_code_at("{credit_code}", credit_code)), tx.now)
