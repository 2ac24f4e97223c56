"""In which language a page speaks: Chinese first, English for who asks for it."""

import io
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.requests import Request

CHINESE: Final = "zh-CN"
ENGLISH: Final = "en"
LANGUAGES: Final = {CHINESE: "中文", ENGLISH: "English"}
"""Each by its own name."""
COOKIE: Final = "language"


def N_(text: str) -> str:  # noqa: N802 - the name by which every gettext tool knows it
    """Return `text`; marks it as one that a page translates when it is shown."""
    return text


@cache
def translations(language: str) -> NullTranslations:
    """Return what turns the Chinese texts of pages into `language`."""
    if language == CHINESE:
        return NullTranslations()
    catalog = Catalog(locale=language)
    for source in files(__package__).joinpath("locale", language).iterdir():
        with source.open("rb") as file:
            for message in read_po(file, locale=language):
                catalog[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return GNUTranslations(compiled)


def language_of(request: Request) -> str:
    """Return the language for who looks at a page.

    What the address says (`language`) wins, then the client's `ui_locales` (OIDC Core, 3.1.2.1), then what the browser
    was told before, then what it prefers; Chinese when nothing is known.
    """
    wanted = (
        request.query_params.get("language", ""),
        *getattr(request.state, "ui_locales", "").split(),
        request.cookies.get(COOKIE, ""),
        *_preferred(request.headers.get("accept-language", "")),
    )
    return next((known for known in map(_known, wanted) if known), CHINESE)


def _known(tag: str) -> str | None:
    """Return the language of ours that a tag (RFC 5646) asks for."""
    primary = tag.split("-", 1)[0].lower()
    return {"zh": CHINESE, "en": ENGLISH}.get(primary)


def _preferred(header: str) -> list[str]:
    """Return the tags of an `Accept-Language` header, the preferred ones first."""
    weighed: list[tuple[float, str]] = []
    for part in header.split(",")[:20]:
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0
        weighed.append((weight, tag))
    return [tag for weight, tag in sorted(weighed, key=lambda it: -it[0]) if weight > 0]
