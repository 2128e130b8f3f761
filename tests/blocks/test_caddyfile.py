import pytest

from blocks.caddyfile import replaced, uses

BLUE, GREEN = "127.0.0.1:4101", "127.0.0.1:4102"

TWO_SITES = f"""\
{{
	email me@example.com
}}
shop.example.com, www.shop.example.com {{
	# reverse_proxy {GREEN}
	header X-Upstream {BLUE}
	handle /api/* {{
		reverse_proxy /api/* http://{BLUE} {{
			header_up Host {BLUE}
		}}
	}}
	reverse_proxy {{
		to "{BLUE}" 127.0.0.1:9
		lb_policy first
	}}
}}
preview.example.com {{
	reverse_proxy {GREEN}
}}
"""


def found(text: str, site: str | None = None) -> list[str]:
    return [use.upstream for use in uses(text, [BLUE, GREEN], site)]


def test_finds_upstreams_of_reverse_proxy_and_nothing_else() -> None:
    assert found(TWO_SITES) == [BLUE, BLUE, GREEN]


@pytest.mark.parametrize("site", ["shop.example.com", "www.shop.example.com"])
def test_looks_only_into_the_block_of_one_site(site: str) -> None:
    assert found(TWO_SITES, site) == [BLUE, BLUE]
    assert found(TWO_SITES, "preview.example.com") == [GREEN]
    assert found(TWO_SITES, "example.com") == []


def test_each_place_is_exactly_the_address() -> None:
    assert {TWO_SITES[use.start : use.end] for use in uses(TWO_SITES, [BLUE])} == {BLUE}


def test_replaces_the_address_and_not_a_blank_more() -> None:
    changed = replaced(TWO_SITES, uses(TWO_SITES, [BLUE], "shop.example.com"), GREEN)
    assert changed.count(BLUE) == 2
    assert f"http://{GREEN} {{" in changed
    assert f'to "{GREEN}" 127.0.0.1:9' in changed
    assert len(changed) == len(TWO_SITES)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"reverse_proxy {BLUE}0",
        f"reverse_proxy x{BLUE}",
        f"# reverse_proxy {BLUE}",
        f"respond {BLUE}",
        f"route {{\n\tto {BLUE}\n}}",
        'reverse_proxy ""',
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_a_file_of_one_site_needs_no_braces() -> None:
    assert found(f":8080\nreverse_proxy {BLUE}\n") == [BLUE]
    assert found(f":8080\r\nreverse_proxy {BLUE}\r\n", ":8080") == [BLUE]
