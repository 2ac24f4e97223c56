"""A password is long enough and not easily guessed; nothing is asked of its characters."""

from typing import Any

import pytest
from argon2 import PasswordHasher

from gateway.signin.password_rules import UnfitPassword, require_fit, words_about

ABOUT = words_about("zxm_citizen", "赵晓梅", "130371198803171020", "15400000001")


@pytest.mark.parametrize(
    "password",
    [
        "碧海-金沙-2026",
        "correct horse battery staple",
        "山海关的老龙头真好看",
        "kT8#vq2z",
        "三个词 拼起来 就很好",
    ],
)
def test_it_may_be_made_of_anything(password: str):
    require_fit(password, ABOUT)


@pytest.mark.parametrize(
    "password",
    [
        "12345678",
        "password1",
        "P@ssw0rd1",
        "1qaz2wsx",
        "qwertyuiop",
        "aaaaaaaaaaaaaaa",
        "88888888",
        "abcdefgh",
        "woaini1314",
        "woaini5201314",
        "nihao123456",
        "一网通办2026",
        "qinhuangdao",
        "Onestop2026",
        "ｐａｓｓｗｏｒｄ１",
    ],
)
def test_it_is_none_that_everybody_tries_first(password: str):
    with pytest.raises(UnfitPassword):
        require_fit(password, ABOUT)


@pytest.mark.parametrize(
    "password",
    [
        "zxm_citizen",
        "zhaoxiaomei",
        "zhaoxiaomei1988",
        "xiaomei0317",
        "zxm19880317",
        "zhao880317",
        "13037119880317",
        "130371198803171020",
        "15400000001",
        "赵晓梅19880317",
    ],
)
def test_it_is_none_that_somebody_tries_who_knows_the_person(password: str):
    with pytest.raises(UnfitPassword):
        require_fit(password, ABOUT)


@pytest.mark.parametrize("password", ["", "kT8#vq2", "七个汉字不够的", "q" * 1025])
def test_it_has_8_to_1024_characters(password: str):
    with pytest.raises(UnfitPassword) as refused:
        require_fit(password, [])
    assert "个字符" in refused.value.detail


async def test_a_hash_with_weaker_parameters_gives_way_to_todays_at_the_next_sign_in(gateway: Any, browser: Any):
    async def known() -> str:
        found: str = await gateway.context.pool.fetchval("SELECT password_hash FROM person WHERE username = 'citizen'")
        return found

    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash("碧海-金沙-2026")
    await gateway.context.pool.execute("UPDATE person SET password_hash = $1 WHERE username = 'citizen'", weak)
    await browser.sign_in(browser.asked(), password="falsch")
    assert await known() == weak
    assert browser.answer(await browser.sign_in(browser.asked()))["code"]
    todays = await known()
    assert todays.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert browser.answer(await browser.sign_in(browser.asked(prompt="login")))["code"]
    assert await known() == todays
