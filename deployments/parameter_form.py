"""The schema that Prefect's UI draws a deployment's form from."""

from typing import Annotated, Any, get_args, get_origin, get_type_hints

from prefect.flows import Flow
from pydantic.fields import FieldInfo

Schema = dict[str, Any]

NOTHING = {"type": "null"}


def form_schema(flow: Flow[..., Any]) -> Schema:
    """The flow's parameter schema, with the titles and descriptions that its `Annotated[..., Field()]`s give.

    Prefect 3.8 makes the schema itself, but takes a title from the parameter's name and a description from the
    docstring only. Its UI draws a field that may be None as two tabs, `str` and `None`: here such a field is one that
    may be left empty.
    """
    schema: Schema = flow.parameters.model_dump_for_openapi()
    for name, hint in get_type_hints(flow.fn, include_extras=True).items():
        if name in schema["properties"]:
            field = _without_none(schema["properties"][name], schema.get("definitions", {}))
            schema["properties"][name] = field | _said(hint)
    return schema


def _without_none(field: Schema, definitions: Schema) -> Schema:
    """`X | None = None` as an X without a default; any other field as it is."""
    choices = [choice for choice in field.get("anyOf", []) if choice != NOTHING]
    if len(choices) != 1 or len(choices) == len(field["anyOf"]) or field.get("default") is not None:
        return field
    kept = {key: value for key, value in field.items() if key not in ("anyOf", "default")}
    named: Schema | None = definitions.get(choices[0].get("$ref", "").removeprefix("#/definitions/"))
    return kept | (named or choices[0])


def _said(hint: Any) -> dict[str, str]:
    said: dict[str, str] = {}
    for field in get_args(hint)[1:] if get_origin(hint) is Annotated else ():
        if isinstance(field, FieldInfo):
            texts = {"title": field.title, "description": field.description}
            said |= {key: text for key, text in texts.items() if text}
    return said
