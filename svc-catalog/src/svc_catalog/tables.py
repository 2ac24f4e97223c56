"""Tables of svc-catalog."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData()
_Instant = sa.DateTime(timezone=True)

region = sa.Table(
    "region",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("parent_code", sa.Text, sa.ForeignKey("region.code")),
    sa.Column("kind", sa.Text, nullable=False),
)

agency = sa.Table(
    "agency",
    metadata,
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

hall = sa.Table(
    "hall",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("region", sa.Text, sa.ForeignKey("region.code"), nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("hours", sa.Text, nullable=False),
    sa.Column("windows", pg.JSONB, nullable=False),
)

item = sa.Table(
    "item",
    metadata,
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
    sa.Column("valid_to", sa.Date),
    sa.Column("current_id", sa.Uuid),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("code", name="item_code_once"),
    sa.Index("item_terms", "terms", postgresql_using="gin"),
    sa.Index("item_listing", "state", "name_length", "code"),
)

guide_version = sa.Table(
    "guide_version",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("item_id", sa.Uuid, sa.ForeignKey("item.id"), nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("agency_code", sa.Text, nullable=False),
    sa.Column("guide", pg.JSONB, nullable=False),
    sa.Column("author", sa.Uuid, nullable=False),
    sa.Column("writers", pg.ARRAY(sa.Uuid), nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("content_hash", sa.Text, nullable=False),
    sa.Column("approver", sa.Uuid),
    sa.Column("published_at", _Instant),
    sa.Column("ended_at", _Instant),
    sa.Column("reason", sa.Text),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("created_at", _Instant, nullable=False),
    sa.Index("guide_version_by_item", "item_id", "id"),
    sa.Index(
        "one_guide_in_force", "item_id", unique=True, postgresql_where=sa.text("state IN ('published', 'suspended')")
    ),
)

calendar_year = sa.Table(
    "calendar_year",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("year", sa.Integer, nullable=False, unique=True),
    sa.Column("published", sa.Boolean, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("holidays", pg.ARRAY(sa.Date), nullable=False),
    sa.Column("workdays", pg.ARRAY(sa.Date), nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)

item_import = sa.Table(
    "item_import",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("sha256", sa.LargeBinary, nullable=False),
    sa.Column("dry_run", sa.Boolean, nullable=False),
    sa.Column("by", sa.Uuid),
    sa.Column("at", _Instant, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("added", sa.Integer, nullable=False),
    sa.Column("unchanged", sa.Integer, nullable=False),
    sa.Column("report", pg.JSONB, nullable=False),
    sa.Index("item_import_by_file", "sha256", "dry_run"),
)

imported_item = sa.Table(
    "imported_item",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("department", sa.Text, nullable=False),
    sa.Column("main_item", sa.Text, nullable=False),
    sa.Column("item_type", sa.Text, nullable=False),
    sa.Column("profile", sa.Text, nullable=False),
    sa.Column("import_id", sa.Uuid, sa.ForeignKey("item_import.id"), nullable=False),
)

obstacle = sa.Table(
    "obstacle",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("field", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("found_on", sa.Date, nullable=False),
    sa.Column("item_code", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("agency_code", sa.Text, sa.ForeignKey("agency.code")),
    sa.Column("assigned_on", sa.Date),
    sa.Column("due", sa.Date),
    sa.Column("solver", sa.Uuid),
    sa.Column("solved_on", sa.Date),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.CheckConstraint(
        "(agency_code IS NULL) = (due IS NULL) AND (due IS NULL) = (assigned_on IS NULL) "
        "AND (due IS NULL) = (state = 'found')",
        name="obstacle_is_assigned_in_full",
    ),
    sa.CheckConstraint(
        "(solver IS NULL) = (solved_on IS NULL) AND (solver IS NOT NULL) = (state IN ('solved', 'verified'))",
        name="obstacle_is_solved_by_somebody",
    ),
)

obstacle_step = sa.Table(
    "obstacle_step",
    metadata,
    sa.Column("obstacle_id", sa.Uuid, sa.ForeignKey("obstacle.id"), primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("happening", sa.Text, nullable=False),
    sa.Column("at", _Instant, nullable=False),
    sa.Column("by", sa.Uuid, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("agency_code", sa.Text),
    sa.Column("due", sa.Date),
    sa.Column("evidence", pg.JSONB, nullable=False),
)
