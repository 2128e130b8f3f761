"""`backout serve`: everything that must run, in one command."""

import asyncio
from typing import Annotated

import typer

from blocks.home import Home
from deployments.admission import PLACES


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(serve)


def serve(
    places: Annotated[
        int, typer.Option(min=2, help="Runs at the same time; one place is kept for emergencies.")
    ] = PLACES,
) -> None:
    """Start Prefect's server where none is configured, register the deployments, execute their runs, watch, and tell people."""
    from deployments.serve import serve as serve_until_told
    from deployments.services import SERVICES

    asyncio.run(serve_until_told(Home.from_env(), places=places, services=SERVICES))
