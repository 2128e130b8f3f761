from tests.flows.conftest import stage

__all__ = ["stage"]
