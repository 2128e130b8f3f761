from tests.flows.conftest import stage, store_url

__all__ = ["stage", "store_url"]
