"""Named errors: how a rule says no.

A rule raises a subclass of `NamedError`; the subclass carries the stable slug, the Chinese title and the HTTP
status, so that the error documents itself wherever it may leave. It lives in the shared kernel because `domain`
modules may import nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class NamedError(Exception):
    """A rule was broken; subclasses name which one.

    Attributes:
        slug: stable kebab-case name, the last part of the problem's `type`.
        title: short Chinese sentence, the same for every occurrence.
        status: HTTP status that fits the rule.
        pointer: the one place that is wrong, as in `FieldError`; None when the error concerns the whole. An occurrence
            may name another than its class.
        detail: Chinese sentence about this occurrence, for the person who gets it.
        retry_after: seconds after which a repeat may succeed, or None.
    """

    slug: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]
    pointer: str | None = None

    def __init__(self, detail: str = "", *, retry_after: int | None = None, pointer: str | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.retry_after = retry_after
        if pointer is not None:
            self.pointer = pointer

    @property
    def errors(self) -> "Sequence[FieldError]":
        """The single places that are wrong; empty when the error concerns the whole."""
        return () if self.pointer is None else (FieldError(self.pointer, self.slug, self.detail),)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong place of an input.

    Attributes:
        pointer: JSON pointer into the request body, for example `/form/business_scope`; or `?name` of the query,
            `{name}` of the path, `#Header-Name`.
        code: stable kebab-case word, for example `required`.
        detail: Chinese sentence that says what to do.
    """

    pointer: str
    code: str
    detail: str


class FieldErrors(NamedError):
    """The input is well formed, but some of its fields are wrong."""

    slug = "invalid-fields"
    title = "填写的内容有误"
    status = 422

    def __init__(self, wrong: Sequence[FieldError], detail: str = "") -> None:
        super().__init__(detail or f"有 {len(wrong)} 处需要修改。")
        self.wrong = tuple(wrong)

    @property
    def errors(self) -> Sequence[FieldError]:
        """Every wrong place, all at once."""
        return self.wrong
