"""Which model a place in the document belongs to: pydantic's errors do not say, and adapters are chosen by `kind`."""

import inspect
import types
from collections.abc import Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from blocks.adapter import Adapter, WrongKind, adapter_class


def model_at(model: type[BaseModel], raw: Any, location: tuple[int | str, ...]) -> type[BaseModel] | None:
    """The model of the mapping at this location of `raw`, which `model` describes; None where there is none."""
    annotation: Any = model
    for part in location:
        annotation = _below(_chosen(annotation, raw), part)
        raw = _step(raw, part)
    found = _chosen(annotation, raw)
    return found if inspect.isclass(found) and issubclass(found, BaseModel) else None


def _step(raw: Any, part: int | str) -> Any:
    if isinstance(raw, Mapping):
        return raw.get(part)
    return raw[part] if isinstance(raw, list) and isinstance(part, int) else None


def _chosen(annotation: Any, raw: Any) -> Any:
    """The annotation itself; for a family of adapters the one that `kind` names."""
    annotation = _plain(annotation)
    if not (
        inspect.isclass(annotation) and issubclass(annotation, Adapter) and inspect.isabstract(annotation)
    ):
        return annotation
    try:
        return adapter_class(annotation.family, str(raw.get("kind")) if isinstance(raw, Mapping) else "")
    except WrongKind:
        return None


def _below(annotation: Any, part: int | str) -> Any:
    """The annotation of a model's field, a mapping's value or a list's item."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        field = _field(annotation, str(part))
        return field.annotation if field else None
    arguments = get_args(annotation)
    return arguments[-1] if arguments else None


def _field(model: type[BaseModel], key: str) -> FieldInfo | None:
    return next((field for name, field in model.model_fields.items() if key in (name, field.alias)), None)


def _plain(annotation: Any) -> Any:
    """Without Annotated, and without None where that is the only other choice."""
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            annotation = get_args(annotation)[0]
        elif origin in (Union, types.UnionType):
            choices = [choice for choice in get_args(annotation) if choice is not type(None)]
            if len(choices) != 1:
                return None
            annotation = choices[0]
        else:
            return annotation
