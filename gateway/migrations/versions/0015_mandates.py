"""Legal representatives; mandates that both sides agree on, of natural persons too."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
LIVING = sa.text("state IN ('waiting', 'given')")
CHECKS = {
    "mandate_has_one_principal": "num_nonnulls(legal_person_id, principal_id) = 1",
    "mandate_is_not_to_oneself": "principal_id <> agent_id",
    "mandate_basis_fits_the_principal": "(basis = 'employer') = (legal_person_id IS NOT NULL)",
    "mandate_of_a_township_names_it": "(basis = 'resident') = (agency IS NOT NULL)",
    "mandate_that_waits_awaits_somebody": "(state = 'waiting') = (awaits IS NOT NULL)",
    "mandate_in_force_was_given": "state <> 'given' OR given_at IS NOT NULL",
}
ADDED = ("principal_id", "basis", "agency", "agency_name", "state", "awaits", "offered_at", "confirmation")


def upgrade() -> None:
    op.add_column("legal_person", sa.Column("representative_id", sa.Uuid))
    op.add_column("legal_person", sa.Column("representative_since", sa.Date))
    op.add_column("legal_person", sa.Column("representative_source", sa.Text))
    op.create_foreign_key(None, "legal_person", "person", ["representative_id"], ["id"])
    op.create_check_constraint(
        "legal_person_representative_is_proved",
        "legal_person",
        "num_nulls(representative_id, representative_since, representative_source) IN (0, 3)",
    )
    op.create_index("legal_person_by_representative", "legal_person", ["representative_id"])
    op.create_index("access_grant_by_person", "access_grant", ["person_id", "client_id"])
    upgrade_mandates()


def upgrade_mandates() -> None:
    op.alter_column("mandate", "legal_person_id", nullable=True)
    op.alter_column("mandate", "given_at", nullable=True)
    op.alter_column("mandate", "withdrawn_at", new_column_name="ended_at")
    for name in ("basis", "agency", "agency_name", "state", "awaits", "confirmation"):
        op.add_column("mandate", sa.Column(name, sa.Text))
    op.add_column("mandate", sa.Column("principal_id", sa.Uuid))
    op.add_column("mandate", sa.Column("offered_at", INSTANT))
    op.execute(
        "UPDATE mandate SET basis = 'employer', offered_at = given_at, confirmation = 'seed',"
        " state = CASE WHEN ended_at IS NULL THEN 'given' ELSE 'withdrawn' END"
    )
    for name in ("basis", "state", "offered_at"):
        op.alter_column("mandate", name, nullable=False)
    op.create_foreign_key(None, "mandate", "person", ["principal_id"], ["id"])
    for name, condition in CHECKS.items():
        op.create_check_constraint(name, "mandate", condition)
    for name in ("mandate_by_agent", "mandate_by_legal_person", "mandate_is_given_once"):
        op.drop_index(name, "mandate")
    op.create_index("mandate_by_agent", "mandate", ["agent_id", "id"])
    op.create_index("mandate_by_legal_person", "mandate", ["legal_person_id", "id"])
    op.create_index("mandate_by_principal", "mandate", ["principal_id", "id"])
    columns = {
        "mandate_is_given_once": ["agent_id", "legal_person_id"],
        "mandate_of_a_person_is_given_once": ["agent_id", "principal_id"],
    }
    for name, indexed in columns.items():
        op.create_index(name, "mandate", indexed, unique=True, postgresql_where=LIVING)


def downgrade() -> None:
    op.execute("DELETE FROM mandate WHERE legal_person_id IS NULL OR given_at IS NULL")
    op.execute("UPDATE mandate SET ended_at = NULL WHERE state = 'given'")
    for name in (
        "mandate_by_agent",
        "mandate_by_legal_person",
        "mandate_by_principal",
        "mandate_is_given_once",
        "mandate_of_a_person_is_given_once",
    ):
        op.drop_index(name, "mandate")
    for name in CHECKS:
        op.drop_constraint(name, "mandate")
    for name in ADDED:
        op.drop_column("mandate", name)
    op.alter_column("mandate", "ended_at", new_column_name="withdrawn_at")
    op.alter_column("mandate", "given_at", nullable=False)
    op.alter_column("mandate", "legal_person_id", nullable=False)
    op.create_index("mandate_by_agent", "mandate", ["agent_id"])
    op.create_index("mandate_by_legal_person", "mandate", ["legal_person_id"])
    op.create_index(
        "mandate_is_given_once",
        "mandate",
        ["agent_id", "legal_person_id"],
        unique=True,
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.drop_index("access_grant_by_person", "access_grant")
    op.drop_index("legal_person_by_representative", "legal_person")
    for name in ("representative_id", "representative_since", "representative_source"):
        op.drop_column("legal_person", name)
