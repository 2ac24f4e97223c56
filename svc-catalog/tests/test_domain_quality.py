"""Vague clauses and missing bases stop a guide; canonical JSON gives every guide one hash."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svc_catalog.domain.canonical import canonical, content_hash
from svc_catalog.domain.completeness import blocks, findings
from svc_catalog.domain.search import bigrams, query_terms
from svc_catalog.seed.loader import guides

GUIDES = list(guides())
FOOD = next(guide for guide in GUIDES if guide["name"] == "食品（含保健食品）经营许可核发")


def changed(**parts: Any) -> dict[str, Any]:
    return json.loads(json.dumps(FOOD)) | parts


@pytest.mark.parametrize(
    "name",
    ["其他材料", "有关材料", "相关证明材料", "营业执照等材料", "法律规定的其他文件", "身份证复印件"],
)
def test_a_vague_material_blocks_publication_and_its_place_is_named(name: str):
    guide = changed()
    guide["materials"][0]["name"] = name
    found = findings(guide)
    assert blocks(found)
    assert any(finding.pointer == "/materials/0/name" and finding.source for finding in found)


def test_a_vague_condition_blocks_publication():
    guide = changed()
    guide["conditions"][0]["text"] = "符合法律规定的其他条件"
    assert any(finding.pointer == "/conditions/0/text" for finding in findings(guide))


def test_every_guide_of_a_licence_says_its_category():
    said = {guide["name"]: guide["result"].get("licence_category") for guide in GUIDES if guide["item_type"] == "01"}
    assert len(said) > 50
    assert [name for name, category in said.items() if category is None] == []
    assert {said[name] for name in ("取水许可证新办审批", "教师资格认定", "特殊建设工程消防验收", "公司设立登记")} == {
        "特许",
        "认可",
        "核准",
        "登记",
    }


def test_what_gives_a_licence_owes_its_certificate():
    giving = [guide for guide in GUIDES if guide["result"]["kind"] == "licence"]
    assert [guide["name"] for guide in giving if "certificate" not in guide["obligations"]] == []


def test_an_item_name_may_contain_the_word_other():
    assert not blocks(findings(changed(name="其他材料经营许可")))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("basis",), []),
        (("limits", "promised_days"), 99),
        (("limits", "extension_basis"), None),
        (("fee",), {"charged": True, "basis": None, "standard": None}),
        (("public_fields",), ["nowhere"]),
    ],
)
def test_what_has_no_basis_blocks_publication(path: tuple[str, ...], value: Any):
    guide = changed()
    place = guide
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    assert blocks(findings(guide))


def test_a_field_that_looks_personal_and_does_not_say_so_is_pointed_out():
    guide = changed()
    guide["form"]["properties"]["contact_phone"] = {"type": "string", "title": "联系电话"}
    (finding,) = findings(guide)
    assert (finding.pointer, finding.severity) == ("/form/properties/contact_phone", "warning")


@pytest.mark.parametrize("field", ["contact_phone", "legal_representative"])
def test_a_personal_field_is_not_made_public(field: str):
    guide = changed(public_fields=[field])
    assert [finding.code for finding in findings(guide)] == ["personal-field"]


def test_there_are_enough_guides_of_enough_departments():
    assert len(GUIDES) >= 110
    assert len({guide["agency"]["code"] for guide in GUIDES}) >= 12
    assert len({guide["code"] for guide in GUIDES}) == len(GUIDES)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: f"{guide['agency']['name'][11:]}-{guide['name']}")
def test_every_guide_of_the_seed_passes_the_quality_gate(guide: dict[str, Any]):
    found = findings(guide)
    assert not blocks(found)
    assert "unmarked-personal-field" not in {finding.code for finding in found}
    assert guide["basis"]
    assert guide["conditions"]
    assert guide["form"]["required"]
    assert set(guide["form"]["required"]) <= set(guide["form"]["properties"])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(value=VALUES)
def test_canonical_json_is_json_and_does_not_depend_on_the_order_of_keys(value: Any):
    def turned(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: turned(part[key]) for key in reversed(list(part))}
        return [turned(one) for one in part] if isinstance(part, list) else part

    assert json.loads(canonical(value)) == value
    assert content_hash(value) == content_hash(turned(value))


def test_canonical_json_follows_the_published_example():
    assert canonical({"€": 1, "\r": 2, "1": [True, None, "\u20ac$\u000f\n"]}) == (
        '{"\\r":2,"1":[true,null,"€$\\u000f\\n"],"€":1}'.encode()
    )


def test_two_characters_find_and_a_query_needs_all_its_parts():
    terms = set(bigrams("食品经营许可 JY"))
    assert set(query_terms("食品")) <= terms
    assert set(query_terms("品经营")) <= terms
    assert not set(query_terms("食营")) <= terms
    assert set(query_terms("jy")) <= terms
