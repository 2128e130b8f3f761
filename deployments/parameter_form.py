"""The schema that Prefect's UI draws a deployment's form from."""

from typing import Annotated, Any, get_args, get_origin, get_type_hints

from prefect.flows import Flow
from pydantic.fields import FieldInfo


def form_schema(flow: Flow[..., Any]) -> dict[str, Any]:
    """The flow's parameter schema, with the titles and descriptions that its `Annotated[..., Field()]`s give.

    Prefect 3.8 makes the schema itself, but takes a title from the parameter's name and a description from the
    docstring only.
    """
    schema = flow.parameters.model_dump_for_openapi()
    for name, hint in get_type_hints(flow.fn, include_extras=True).items():
        if name in schema["properties"]:
            schema["properties"][name].update(_said(hint))
    return schema


def _said(hint: Any) -> dict[str, str]:
    said: dict[str, str] = {}
    for field in get_args(hint)[1:] if get_origin(hint) is Annotated else ():
        if isinstance(field, FieldInfo):
            texts = {"title": field.title, "description": field.description}
            said |= {key: text for key, text in texts.items() if text}
    return said
