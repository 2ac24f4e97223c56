"""Every text of a page is there in both languages."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

import gateway
from gateway.mandates.domain import Basis, Confirmation, State
from gateway.pages.language import ENGLISH, translations
from onestop_legal.codes import CodeList
from onestop_legal.errors import NamedError

HERE = Path(gateway.__file__).parent
TEMPLATES = sorted(HERE.glob("**/templates/**/*.html"))
CHINESE = re.compile(r"[\u3400-\u9fff]")
SHOWN: tuple[type[CodeList], ...] = (Basis, Confirmation, State)
"""Code lists whose names pages show."""
MARKED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


def own(template: Path) -> bool:
    return template.is_relative_to(HERE / "pages")


def said_in_templates() -> Iterator[str]:
    for template in filter(own, TEMPLATES):
        with template.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ("_", "gettext"), (), {"trimmed": "true"}):
                for text in message if isinstance(message, tuple) else (message,):
                    if text is not None:
                        yield text


def said_in_code() -> Iterator[str]:
    for module in HERE.glob("**/*.py"):
        with module.open("rb") as file:
            for _, message, _, _ in extract("python", file, keywords={"N_": None}):
                yield str(message)


def ours(named: type) -> bool:
    return named.__module__.startswith("gateway.") and not named.__module__.startswith("gateway.tests.")


def titles(errors: type[NamedError] = NamedError) -> Iterator[str]:
    for error in errors.__subclasses__():
        if ours(error) and not error.__module__.startswith("gateway.edge."):
            yield error.title
        yield from titles(error)


def labels() -> Iterator[str]:
    for codes in SHOWN:
        yield from (member.label for member in codes)


SAID = sorted({*said_in_templates(), *said_in_code(), *titles(), *labels()})


@pytest.mark.parametrize("text", SAID)
def test_it_is_said_in_english(text: str):
    english = translations(ENGLISH).gettext(text)
    assert english != text
    assert not CHINESE.search(english)
    assert sorted(re.findall(r"%\(\w+\)s", english)) == sorted(re.findall(r"%\(\w+\)s", text))


@pytest.mark.parametrize("template", list(filter(own, TEMPLATES)), ids=lambda it: it.name)
def test_a_template_says_nothing_that_is_not_translated(template: Path):
    assert not CHINESE.search(MARKED.sub("", template.read_text()))


def test_what_is_not_said_any_more_is_not_translated():
    known = {ast.literal_eval(it) for file in (HERE / "pages/locale").glob("**/*.po") for it in read(file)}
    details = "".join(module.read_text() for module in HERE.glob("**/*.py"))
    shared = "".join(it.read_text() for it in (HERE.parents[2] / "contracts").glob("*/src/**/*.py"))
    assert [it for it in known - set(SAID) - {""} if f'"{it.removesuffix("。")}' not in details + shared] == []


def read(file: Path) -> list[str]:
    return re.findall(r'^msgid (".*")$', file.read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "zh-CN"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-TW,en;q=0.9", "zh-CN"),
        ("en;q=0.2,zh;q=0.8", "zh-CN"),
        ("de,fr;q=0.5", "zh-CN"),
        ("en;q=0, zh", "zh-CN"),
        ("en;q=x", "zh-CN"),
    ],
)
async def test_a_page_speaks_the_language_that_the_browser_prefers(browser: Any, accepted: str, language: str):
    shown = await browser.get("/sign-in", headers={"Accept-Language": accepted})
    assert shown.headers["content-language"] == language
    assert f'<html lang="{language}">' in shown.text


async def test_a_client_says_in_which_language_its_person_is_met(browser: Any):
    shown = await browser.follow(await browser.ask(browser.asked(ui_locales="fr en zh")))
    assert "Sign in" in shown.text
    refused = await browser.fill_in(shown, username="citizen", password="falsch")
    assert "User name or password is not correct" in refused.text


async def test_who_chose_a_language_keeps_it(browser: Any):
    chosen = await browser.get("/sign-in?language=en")
    assert "Password" in chosen.text
    assert "Password" in (await browser.get("/sign-in")).text
    back = re.search(r'href="([^"]+)" lang="zh-CN"', chosen.text)
    assert back
    assert "密码" in (await browser.get(back[1])).text


@pytest.mark.parametrize("number", ["1", "110105194913310021", "110105194912310021"])
async def test_what_is_wrong_is_said_in_english_too(browser: Any, number: str):
    await browser.get("/register?language=en")
    page = await browser.get("/register/details")
    typed = {"name": "1", "identity_number": number, "username": "1", "password": "1"}
    refused = await browser.fill_in(page, **typed)
    said = re.findall(r'<p class="(?:alarm|wrong)"[^>]*>(.*?)</p>', refused.text)
    assert len(said) == 4
    assert [it for it in said if CHINESE.search(it)] == []


def test_no_text_has_two_translations():
    found: dict[str, list[str]] = {}
    for source in sorted((HERE / "pages/locale/en").glob("*.po")):
        with source.open("rb") as file:
            for message in filter(lambda it: it.id, read_po(file)):
                found.setdefault(str(message.id), []).append(source.name)
    assert {text: names for text, names in found.items() if len(names) > 1} == {}
