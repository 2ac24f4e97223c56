"""收件登记簿, and the legal days by which the conservation ledger compares acceptances and results."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_REFUSE = """
CREATE FUNCTION receipt_register_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'receipts are registered once' USING ERRCODE = 'restrict_violation';
END $$
"""
_GUARD = """
CREATE TRIGGER receipt_register_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON receipt_register
FOR EACH STATEMENT EXECUTE FUNCTION receipt_register_is_final()
"""
_FILL = """
INSERT INTO receipt_register (received_on, case_id)
SELECT (submitted_at AT TIME ZONE 'Asia/Shanghai')::date, id FROM case_file WHERE submitted_at IS NOT NULL
"""
_DAYS = """
UPDATE case_file SET accepted_on = (acceptance ->> 'accepted_on')::date, decided_on = (result ->> 'decided_on')::date
WHERE acceptance IS NOT NULL
"""
_INDEXES = (("case_file_by_acceptance", "accepted_on"), ("case_file_by_decision", "decided_on"))


def upgrade() -> None:
    op.create_table(
        "receipt_register",
        sa.Column("received_on", sa.Date(), primary_key=True),
        sa.Column("case_id", sa.Uuid(), primary_key=True),
        comment="收件登记簿: every case that entered, once and for good; a trigger refuses every change",
    )
    op.add_column("case_file", sa.Column("accepted_on", sa.Date(), comment="legal day from which the limits count"))
    op.add_column("case_file", sa.Column("decided_on", sa.Date(), comment="legal day of the result"))
    op.execute(_FILL)
    op.execute(_DAYS)
    op.execute(_REFUSE)
    op.execute(_GUARD)
    for name, column in _INDEXES:
        op.create_index(name, "case_file", [column, "id"], postgresql_where=sa.text(f"{column} IS NOT NULL"))


def downgrade() -> None:
    for name, _ in reversed(_INDEXES):
        op.drop_index(name, "case_file")
    op.drop_column("case_file", "decided_on")
    op.drop_column("case_file", "accepted_on")
    op.drop_table("receipt_register")
    op.execute("DROP FUNCTION receipt_register_is_final()")
