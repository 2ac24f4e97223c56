"""Table of mandates."""

import sqlalchemy as sa

from gateway.legal_persons.tables import legal_person
from gateway.metadata import INSTANT, TEXTS, metadata, version
from gateway.people.tables import person

_LIVING = sa.text("state IN ('waiting', 'given')")

mandate = sa.Table(
    "mandate",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("legal_person_id", sa.Uuid, sa.ForeignKey(legal_person.c.id)),
    sa.Column("principal_id", sa.Uuid, sa.ForeignKey(person.c.id)),
    sa.Column("agent_id", sa.Uuid, sa.ForeignKey(person.c.id), nullable=False),
    sa.Column("basis", sa.Text, nullable=False),
    sa.Column("agency", sa.Text),
    sa.Column("agency_name", sa.Text),
    sa.Column("items", TEXTS),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.Column("valid_to", sa.Date),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("awaits", sa.Text),
    sa.Column("offered_at", INSTANT, nullable=False),
    sa.Column("given_at", INSTANT),
    sa.Column("confirmation", sa.Text),
    sa.Column("ended_at", INSTANT),
    version(),
    sa.CheckConstraint("valid_to >= valid_from", name="mandate_ends_after_its_start"),
    sa.CheckConstraint("num_nonnulls(legal_person_id, principal_id) = 1", name="mandate_has_one_principal"),
    sa.CheckConstraint("principal_id <> agent_id", name="mandate_is_not_to_oneself"),
    sa.CheckConstraint("(basis = 'employer') = (legal_person_id IS NOT NULL)", name="mandate_basis_fits_the_principal"),
    sa.CheckConstraint("(basis = 'resident') = (agency IS NOT NULL)", name="mandate_of_a_township_names_it"),
    sa.CheckConstraint("(state = 'waiting') = (awaits IS NOT NULL)", name="mandate_that_waits_awaits_somebody"),
    sa.CheckConstraint("state <> 'given' OR given_at IS NOT NULL", name="mandate_in_force_was_given"),
    sa.Index("mandate_by_agent", "agent_id", "id"),
    sa.Index("mandate_by_legal_person", "legal_person_id", "id"),
    sa.Index("mandate_by_principal", "principal_id", "id"),
    sa.Index("mandate_is_given_once", "agent_id", "legal_person_id", unique=True, postgresql_where=_LIVING),
    sa.Index("mandate_of_a_person_is_given_once", "agent_id", "principal_id", unique=True, postgresql_where=_LIVING),
)
