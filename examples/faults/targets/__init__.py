"""What can be broken: one file a target, on the contract of `examples.faults.contract`; `KIND:PLACE` names one."""

from examples.faults.contract import Target
from examples.faults.targets.container import Container
from examples.faults.targets.demo import Demo
from examples.faults.targets.pods import Pods
from examples.faults.targets.postgresql import PostgreSQL
from examples.faults.targets.router import Router

TARGETS: dict[str, type[Target]] = {
    target.kind: target for target in (Container, Demo, Pods, PostgreSQL, Router)
}
