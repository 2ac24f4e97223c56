"""How Chinese text is cut for search: into single characters and pairs, so that two characters already find."""

import re

_WORD = re.compile(r"[0-9a-z]+|[一-鿿㐀-䶿]+", re.IGNORECASE)


def bigrams(text: str) -> list[str]:
    """Return what `text` is searched by: pairs of neighbouring characters, single ones, and words of Latin letters."""
    found: list[str] = []
    for word in _WORD.findall(text.lower()):
        if word.isascii():
            found.append(word)
            continue
        found += word
        found += [word[place : place + 2] for place in range(len(word) - 1)]
    return list(dict.fromkeys(found))


def query_terms(text: str) -> list[str]:
    """Return the terms that all must occur for a query: pairs where there are any, else the single character."""
    terms: list[str] = []
    for word in _WORD.findall(text.lower()):
        if word.isascii() or len(word) == 1:
            terms.append(word)
        else:
            terms += [word[place : place + 2] for place in range(len(word) - 1)]
    return list(dict.fromkeys(terms))
