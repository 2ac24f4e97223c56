"""Who filled in a case for another one, as the applicant sees him."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    agent_name = sa.Column("agent_name", sa.Text, comment="masked; of who filled it in for another one")
    agent_agency = sa.Column("agent_agency", sa.Text, comment="credit code of the agency that sends him")
    op.add_column("case_file", agent_name)
    op.add_column("case_file", agent_agency)
    op.create_table_comment("mandate", "copy: who may act for whom")


def downgrade() -> None:
    op.create_table_comment("mandate", "copy: who may act for a legal person")
    op.drop_column("case_file", "agent_agency")
    op.drop_column("case_file", "agent_name")
