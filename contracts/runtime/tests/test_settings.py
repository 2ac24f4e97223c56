"""A service's own variable wins; production refuses to start without its secrets."""

from typing import ClassVar

import pytest

from onestop_runtime.settings import ServiceSettings


class Settings(ServiceSettings):
    SERVICE: ClassVar[str] = "notes"


def test_the_services_own_variable_wins_over_the_shared_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ONESTOP_LOG_LEVEL", "debug")
    monkeypatch.setenv("ONESTOP_DSN", "postgresql://shared")
    monkeypatch.setenv("ONESTOP_NOTES_DSN", "postgresql://own")
    settings = Settings()
    assert (settings.dsn, settings.log_level) == ("postgresql://own", "debug")


def test_production_names_what_is_missing():
    with pytest.raises(ValueError, match=r"ONESTOP_NOTES_DSN.*ONESTOP_NOTES_FIELD_KEYS"):
        Settings(environment="production")


def test_nothing_secret_has_a_default():
    settings = Settings()
    assert not any(getattr(settings, name) for name in Settings.required())
