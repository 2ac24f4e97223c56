"""Regions, agencies, halls, items, guides, the calendar, imports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

from onestop_runtime.schema import downgrade_runtime, upgrade_runtime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    upgrade_runtime()
    op.create_table(
        "calendar_year",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("year", sa.Integer, nullable=False, unique=True),
        sa.Column("published", sa.Boolean, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("holidays", pg.ARRAY(sa.Date), nullable=False),
        sa.Column("workdays", pg.ARRAY(sa.Date), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "item",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("agency_code", sa.Text, nullable=False),
        sa.Column("agency_name", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_length", sa.Integer, nullable=False),
        sa.Column("item_type", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("terms", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("promised_days", sa.Integer, nullable=False),
        sa.Column("trips", sa.Integer, nullable=False),
        sa.Column("numbers", sa.Integer, nullable=False),
        sa.Column("current_id", sa.Uuid),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("code", name="item_code_once"),
    )
    op.create_index("item_listing", "item", ["state", "name_length", "code"])
    op.create_index("item_terms", "item", ["terms"], postgresql_using="gin")
    op.create_table(
        "item_import",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
        sa.Column("dry_run", sa.Boolean, nullable=False),
        sa.Column("by", sa.Uuid),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("added", sa.Integer, nullable=False),
        sa.Column("unchanged", sa.Integer, nullable=False),
        sa.Column("report", pg.JSONB, nullable=False),
    )
    op.create_index("item_import_by_file", "item_import", ["sha256", "dry_run"])
    op.create_table(
        "region",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("parent_code", sa.Text, sa.ForeignKey("region.code")),
        sa.Column("kind", sa.Text, nullable=False),
    )
    op.create_table(
        "agency",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("code", sa.Text, nullable=False, unique=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("short_name", sa.Text, nullable=False),
        sa.Column("region", sa.Text, sa.ForeignKey("region.code"), nullable=False),
        sa.Column("parent_code", sa.Text),
        sa.Column("review_authority", sa.Text, nullable=False),
        sa.Column("court", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date, nullable=False),
        sa.Column("valid_to", sa.Date),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "guide_version",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("item_id", sa.Uuid, sa.ForeignKey("item.id"), nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("agency_code", sa.Text, nullable=False),
        sa.Column("guide", pg.JSONB, nullable=False),
        sa.Column("author", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("content_hash", sa.Text, nullable=False),
        sa.Column("approver", sa.Uuid),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("guide_version_by_item", "guide_version", ["item_id", "id"])
    op.create_index(
        "one_guide_in_force",
        "guide_version",
        ["item_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('published', 'suspended')"),
    )
    op.create_table(
        "hall",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("region", sa.Text, sa.ForeignKey("region.code"), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("hours", sa.Text, nullable=False),
        sa.Column("windows", pg.JSONB, nullable=False),
    )
    op.create_table(
        "imported_item",
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("department", sa.Text, nullable=False),
        sa.Column("main_item", sa.Text, nullable=False),
        sa.Column("item_type", sa.Text, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("import_id", sa.Uuid, sa.ForeignKey("item_import.id"), nullable=False),
    )


def downgrade() -> None:
    for table in (
        "imported_item",
        "hall",
        "guide_version",
        "agency",
        "region",
        "item_import",
        "item",
        "calendar_year",
    ):
        op.drop_table(table)
    downgrade_runtime()
