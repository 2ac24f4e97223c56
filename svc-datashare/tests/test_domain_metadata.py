"""What the metadata of a resource may say."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onestop_legal.errors import FieldErrors
from svc_datashare.resources.domain.metadata import Classification, DataItem, DataType, Masking, Means, Node, ShareType
from svc_datashare.resources.domain.resource import Metadata
from svc_datashare.seed.directory import LICENCE_BASE


def wrong_places(metadata: Metadata) -> set[str]:
    with pytest.raises(FieldErrors) as raised:
        metadata.check()
    return {wrong.pointer for wrong in raised.value.errors}


def test_the_seeded_resource_is_sound():
    LICENCE_BASE.check()
    assert LICENCE_BASE.sensitivity == 3


def test_the_resource_code_is_1_2_3_and_any_number_of_digits_then_the_serial_number():
    levels = [Node("1", "基础信息资源"), Node("02", "法人单位"), Node("001", "企业法人"), Node("0104", "营业执照")]
    assert Classification(*levels, serial=27).code == "1020010104/000027"
    short = dataclasses.replace(LICENCE_BASE, classification=Classification(levels[1], *levels[1:], serial=1))
    assert wrong_places(short) == {"/classification/kind/code"}


def test_what_is_not_shared_names_the_law_that_forbids_it():
    withheld = dataclasses.replace(LICENCE_BASE, share_type=ShareType.WITHHELD, share_condition=None)
    assert wrong_places(withheld) == {"/share_basis"}
    dataclasses.replace(withheld, share_basis="《中华人民共和国档案法》第二十八条").check()


def test_what_is_shared_on_condition_names_the_condition():
    assert wrong_places(dataclasses.replace(LICENCE_BASE, share_condition=None)) == {"/share_condition"}


def test_an_interface_names_what_reads_the_data():
    assert wrong_places(dataclasses.replace(LICENCE_BASE, source=None)) == {"/source"}
    dataclasses.replace(LICENCE_BASE, source=None, means=Means.FILE).check()


def test_an_item_of_level_3_says_how_it_is_masked_and_names_occur_once():
    item = DataItem("phone", "联系电话", DataType.TEXT, 20, 3, element="FR.DH")
    assert wrong_places(dataclasses.replace(LICENCE_BASE, items=(item,))) == {"/items/0/masking"}
    masked = dataclasses.replace(item, masking=Masking.ENDS)
    assert wrong_places(dataclasses.replace(LICENCE_BASE, items=(masked, masked))) == {
        "/items/1/key",
        "/items/1/element",
    }
    assert wrong_places(dataclasses.replace(LICENCE_BASE, items=())) == {"/items"}


@pytest.mark.parametrize(
    ("masking", "plain", "shown"),
    [
        (Masking.NAME, "张海山", "张**"),
        (Masking.NAME, "张伟", "张*"),
        (Masking.NAME, "张", "张*"),
        (Masking.ENDS, "11010519491231002X", "1****************X"),
        (Masking.ENDS, "12", "1*2"),
        (Masking.NONE, "公开", "公开"),
    ],
)
def test_masking_leaves_what_the_directory_says(masking: Masking, plain: str, shown: str):
    assert masking.apply(plain) == shown


@given(
    st.text(st.characters(exclude_characters="*", min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=2, max_size=20)
)
def test_a_masked_name_masked_again_stays_the_same_and_shows_one_character(name: str):
    masked = Masking.NAME.apply(name)
    assert Masking.NAME.apply(masked) == masked
    assert masked.rstrip("*") == name[0]
