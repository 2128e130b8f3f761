import pytest

from domain.names import application_name, block_name, image_tag, version_name


@pytest.mark.parametrize("name", ["shop/production", "mvp-011/staging-2", "a/b"])
def test_a_good_name_is_kept(name: str) -> None:
    assert application_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "shop",
        "shop/",
        "/production",
        "shop/a/b",
        "Shop/production",
        "shop-/x",
        "-shop/x",
        "sh--op/x",
        "shop/x\n",
        "../x",
    ],
)
def test_a_bad_name_is_told_with_an_example(name: str) -> None:
    with pytest.raises(ValueError, match="like shop/production"):
        application_name(name)


@pytest.mark.parametrize("version", ["v1.0-full-tech", "1", "abc123def", "2026.11.22+build_7", "v" * 100])
def test_a_good_version_is_kept(version: str) -> None:
    assert version_name(version) == version


@pytest.mark.parametrize(
    "version", ["", "-v1", "--upload-pack=x", "v 1", "v1;rm", "v1/..", "v1\n", "v" * 101]
)
def test_a_version_that_a_program_could_take_for_something_else_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match="is not a version"):
        version_name(version)


def test_no_two_applications_share_a_block() -> None:
    assert block_name("shop/production") == "shop--production"
    assert block_name("a-b/c") != block_name("a/b-c")


def test_an_images_tag_holds_no_plus() -> None:
    assert image_tag("2026.11.22+build_7") == "2026.11.22_build_7"
