"""Whatever is sent to the API: no error of ours, and nothing done for who is not let in."""

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok

from blocks.home import Home
from blocks.installation import Installation
from deployments.alert_spool import spool_of
from deployments.gateway.application import create
from deployments.gateway.senders_file import BY_TOKEN, senders_of
from tests.deployments.gateway.conftest import known

TOKEN = "t" * 32
QUICK = settings(
    max_examples=15, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
SOME_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=8), below, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def document(client: httpx.Client) -> Any:
    return client.get("/openapi.json").json()


def test_no_request_that_the_document_allows_is_an_error_of_ours(home: Home, document: Any) -> None:
    app = create(home, TOKEN, senders_of(home, TOKEN, loopback=True))
    for path in ("/alerts/{sender}", "/alerts/{sender}/api/v2/alerts"):
        document["paths"][path]["post"]["parameters"][0]["schema"]["enum"] = list(BY_TOKEN)
    schema = schemathesis.openapi.from_dict(document)
    schema.app = app
    for operation in schema.get_all_operations():
        assert isinstance(operation, Ok)
        case = operation.ok().as_strategy()

        @QUICK
        @given(case=case)
        def sent(case: Any) -> None:
            for headers in ({"Authorization": f"Bearer {TOKEN}"}, {}):
                answer = case.call(headers=headers)
                # 503: no platform of the tests answers.
                assert answer.status_code < 500 or answer.status_code == 503, answer.text
                assert headers or answer.status_code in (401, 404), (case.path, answer.status_code)

        sent()


@QUICK
@given(body=SOME_JSON, sender=st.sampled_from(BY_TOKEN))
def test_nothing_that_is_json_is_an_error_of_ours(
    client: httpx.Client, here: Installation, body: Any, sender: str
) -> None:
    known(here, "shop/production")
    answer = client.post(f"/alerts/{sender}", json=body)
    assert answer.status_code < 500, (body, answer.text)


@QUICK
@given(
    headers=st.dictionaries(
        st.sampled_from(["authorization", "x-pagerduty-signature", "content-type"]),
        st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
    ),
    sender=st.sampled_from(BY_TOKEN),
)
def test_nobody_gets_anything_done_by_guessing(
    address: str, home: Home, here: Installation, headers: dict[str, str], sender: str
) -> None:
    known(here, "shop/production")
    before = spool_of(home).files()
    body = {"name": "x", "application": "shop/production"}
    answer = httpx.post(f"{address}/alerts/{sender}", json=body, headers=headers, trust_env=False)
    assert answer.status_code in (400, 401)
    assert spool_of(home).files() == before
