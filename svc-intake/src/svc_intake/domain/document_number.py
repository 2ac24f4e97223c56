"""Numbers of an agency's documents 文号: its own series, gapless per agency, kind and year."""

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
