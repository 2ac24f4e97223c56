"""An agency's documents 文书 and their numbers 文号: its own series, gapless per agency, kind and year."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from onestop_legal.codes import CodeList


class Series(CodeList):
    """The series of documents that intake issues; the label stands in the number."""

    CORRECTION = "correction", "补"
    ACCEPTANCE = "acceptance", "受"
    REFUSAL = "refusal", "不受"


def document_number(short_name: str, series: Series, year: int, serial: int) -> str:
    """Return a document's number: `秦开审批受字〔2026〕第000001号`.

    Args:
        short_name: of the agency (`秦开审批`).
        series: which kind of document.
        year: of the legal day of the document.
        serial: counted from 1 without gaps.
    """
    return f"{short_name}{series.label}字〔{year}〕第{serial:06d}号"


@dataclass(frozen=True, slots=True)
class Document:
    """A dated document given to the applicant (行政许可法 32: dated, with the organ's own seal).

    Attributes:
        serial: its place in the series of that agency and year.
        dated: legal day.
        issued_by: opaque id of the clerk; None when the system wrote it.
        content: what it says.
    """

    id: UUID
    case_id: UUID
    agency_code: str
    series: Series
    year: int
    serial: int
    number: str
    dated: date
    issued_at: datetime
    issued_by: UUID | None
    content: Any
