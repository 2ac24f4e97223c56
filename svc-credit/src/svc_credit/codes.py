"""Credit codes in addresses: a wrong one is named with its place."""

from onestop_legal.credit_code import CreditCode, InvalidCreditCode
from onestop_legal.errors import FieldError, FieldErrors


def credit_code_at(place: str, text: str) -> CreditCode:
    """Return the credit code in `text`; raises `FieldErrors` at `place` when it is none."""
    try:
        return CreditCode.parse(text)
    except InvalidCreditCode as error:
        raise FieldErrors([FieldError(place, error.slug, error.detail)]) from error
