"""Schema migrations by Alembic, run as a command of their own, never by a serving process."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def configuration(dsn: str, folder: Path) -> Config:
    """Return the Alembic configuration of a service: our environment, its `versions`."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", str(folder / "versions"))
    config.attributes["dsn"] = dsn
    return config


def upgrade(dsn: str, folder: Path, revision: str = "head") -> None:
    """Bring the database at `dsn` up to `revision`."""
    command.upgrade(configuration(dsn, folder), revision)


def downgrade(dsn: str, folder: Path, revision: str = "base") -> None:
    """Bring the database at `dsn` down to `revision`."""
    command.downgrade(configuration(dsn, folder), revision)
