"""One table answers for one row and for a list alike."""

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from onestop_runtime.caller import ANONYMOUS, Caller, Party
from onestop_runtime.permissions import PermissionTable, allow, where
from onestop_runtime.problems import NotPermitted, NotSignedIn
from onestop_runtime.sql import compiled

CASE = sa.table("case", sa.column("applicant_id", sa.Uuid), sa.column("hall", sa.Text), sa.column("state", sa.Text))
TABLE = PermissionTable(
    allow("natural", "case.read", where(applicant_id="party")),
    allow("window_clerk", "case.read", where(hall="hall")),
    allow("window_clerk", "case.accept", where(hall="hall", state="'submitted'")),
    allow("supervisor", "case.read"),
    allow("anonymous", "case.read", where(state="'public'")),
)
ME, OTHER = uuid4(), uuid4()


@dataclass
class Case:
    applicant_id: UUID | None = None
    hall: str | None = None
    state: str = "submitted"


def test_the_applicant_reads_his_own_case_and_no_other():
    me = Caller(sub=ME, kind="natural")
    assert TABLE.permits(me, "case.read", Case(applicant_id=ME))
    assert not TABLE.permits(me, "case.read", Case(applicant_id=OTHER))


def test_acting_for_a_company_shows_the_companys_cases_instead_of_ones_own():
    company = Party(OTHER, "91130371MA7001010P", "秦皇岛开发区山海食品有限公司")
    agent = Caller(sub=ME, kind="natural", act=company)
    assert TABLE.permits(agent, "case.read", Case(applicant_id=OTHER))
    assert not TABLE.permits(agent, "case.read", Case(applicant_id=ME))


def test_who_acts_for_another_natural_person_has_what_is_open_to_all_and_to_proxies_alone():
    proxy = Caller(sub=ME, kind="natural", act=Party(OTHER, None, "赵**"), given_roles=frozenset({"guardian"}))
    assert proxy.roles == {"anonymous", "proxy", "guardian"}
    assert proxy.party == OTHER
    assert not TABLE.permits(proxy, "case.read", Case(applicant_id=OTHER))
    assert not TABLE.permits(proxy, "case.read", Case(applicant_id=ME))


def test_an_absent_value_equals_nothing_not_even_another_absent_value():
    clerk_without_hall = Caller(sub=ME, kind="staff", given_roles=frozenset({"window_clerk"}))
    assert not TABLE.permits(clerk_without_hall, "case.read", Case(hall=None))


def test_a_rule_with_a_literal_looks_at_the_row():
    clerk = Caller(sub=ME, kind="staff", hall="H1", given_roles=frozenset({"window_clerk"}))
    assert TABLE.permits(clerk, "case.accept", Case(hall="H1", state="submitted"))
    assert not TABLE.permits(clerk, "case.accept", Case(hall="H1", state="accepted"))


def test_who_is_not_signed_in_is_told_to_sign_in_and_who_is_is_told_no():
    with pytest.raises(NotSignedIn):
        TABLE.require(ANONYMOUS, "case.accept", Case())
    with pytest.raises(NotPermitted):
        TABLE.require(Caller(sub=ME, kind="natural"), "case.accept", Case())


def test_nothing_permitted_means_a_clause_that_selects_nothing():
    assert TABLE.conditions(Caller(sub=ME, kind="device"), "case.read") == ()
    assert "false" in compiled(sa.select(CASE).where(TABLE.clause((), CASE))).text


CALLERS = st.builds(
    Caller,
    sub=st.sampled_from([ME, OTHER, None]),
    kind=st.sampled_from(["natural", "staff", "anonymous"]),
    hall=st.sampled_from(["H1", "H2", None]),
    given_roles=st.frozensets(st.sampled_from(["window_clerk", "supervisor", "reviewer"])),
)
CASES = st.builds(
    Case,
    applicant_id=st.sampled_from([ME, OTHER, None]),
    hall=st.sampled_from(["H1", "H2", None]),
    state=st.sampled_from(["submitted", "public"]),
)


@given(caller=CALLERS, rows=st.lists(CASES, max_size=8))
def test_a_list_shows_exactly_what_a_get_allows(caller: Caller, rows: list[Case]):
    """The SQL is run by SQLite in memory: the clause uses nothing that differs between databases."""
    engine = sa.create_engine("sqlite://")
    conditions = TABLE.conditions(caller, "case.read")
    metadata = sa.MetaData()
    table = sa.Table(
        "case", metadata, sa.Column("id", sa.Integer), sa.Column("applicant_id", sa.Uuid), sa.Column("hall", sa.Text),
        sa.Column("state", sa.Text),
    )  # fmt: skip
    with engine.begin() as connection:
        metadata.create_all(connection)
        for number, row in enumerate(rows):
            connection.execute(sa.insert(table).values(id=number, **vars(row)))
        found = connection.execute(
            sa.select(table.c.id).where(TABLE.clause(conditions, table)), TABLE.parameters(conditions, caller)
        )
        shown = {row.id for row in found}
    engine.dispose()
    assert shown == {number for number, row in enumerate(rows) if TABLE.permits(caller, "case.read", row)}
