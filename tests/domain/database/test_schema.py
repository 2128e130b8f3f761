"""Two schemas told apart in words."""

import pytest

from domain.database.schema import Schema, canonical, differences, is_generated

USERS = {
    "table public.users": "",
    "column public.users.id": "bigint",
    "column public.users.email": "character varying(20)",
    "column public.users.email: null": "not allowed",
    "column public.users.email: default": "''::character varying",
    "constraint on public.users: UNIQUE (email)": "a generated name",
}


def without(*keys: str) -> Schema:
    return Schema(objects={key: text for key, text in USERS.items() if key not in keys})


def test_a_schema_is_equal_to_itself_in_any_order() -> None:
    turned = Schema(objects=dict(reversed(USERS.items())))
    assert differences(Schema(objects=USERS), turned).real == []
    assert Schema(objects=USERS).digest() == turned.digest()


def test_the_digest_does_not_see_what_is_cosmetic() -> None:
    commented = Schema(objects=USERS, cosmetic={"comment on table public.users": "who buys"})
    assert commented.digest() == Schema(objects=USERS).digest()
    assert differences(Schema(objects=USERS), commented).cosmetic == [
        "comment on table public.users is there and was not (who buys)"
    ]


def test_a_changed_object_is_told_with_both_definitions() -> None:
    found = Schema(objects={**USERS, "column public.users.email": "text"})
    assert differences(Schema(objects=USERS), found).real == [
        "column public.users.email is text, was character varying(20)"
    ]


def test_what_belongs_to_something_missing_is_not_told_again() -> None:
    whole = Schema(objects=USERS)
    assert differences(whole, Schema()).real == ["table public.users is missing"]
    email = without(*(key for key in USERS if "email" in key and key.startswith("column")))
    assert differences(whole, email).real == ["column public.users.email is missing (character varying(20))"]


def test_a_missing_part_is_told_where_its_owner_is_there() -> None:
    found = without("constraint on public.users: UNIQUE (email)")
    assert differences(Schema(objects=USERS), found).real == [
        "constraint on public.users: UNIQUE (email) is missing (a generated name)"
    ]


def test_of_a_long_definition_the_first_other_line_is_told() -> None:
    was, now = (f"CREATE FUNCTION f()\nAS $$\n{body}\n$$" for body in ("return 1;", "return 2;"))
    (told,) = differences(Schema(objects={"function f()": was}), Schema(objects={"function f()": now})).real
    assert told == "function f() is another one from line 3 on: is `return 2;`, was `return 1;`"


def test_the_steps_changes_are_carried_to_the_original() -> None:
    live = Schema(objects={"view v": "as here", "table t": "", "table old": ""})
    before = Schema(objects={"view v": "as in the clone", "table t": "", "table old": ""})
    then = Schema(objects={"view v": "as in the clone", "table t": "unlogged", "table new": ""})
    assert live.after(before, then).objects == {"view v": "as here", "table t": "unlogged", "table new": ""}


def test_both_spellings_of_a_list_are_one() -> None:
    list_of_all = "(x)::text = ANY ((ARRAY['a'::character varying, 'it''s'::character varying])::text[])"
    one_by_one = "(x)::text = ANY (ARRAY[('a'::character varying)::text, ('it''s'::character varying)::text])"
    assert canonical(list_of_all) == canonical(one_by_one) == one_by_one


@pytest.mark.parametrize(
    ("name", "made_up"),
    [
        ("users_pkey", True),
        ("users_email_key", True),
        ("users_email_idx1", True),
        ("users_email_unique", False),
        ("by_email_idx", False),
    ],
)
def test_a_generated_name_is_known(name: str, made_up: bool) -> None:
    assert is_generated(name, "users") is made_up
