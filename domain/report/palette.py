"""How the picture of an incident looks: the phases' names and colours, and matplotlib's settings."""

from __future__ import annotations

from typing import Any

NAMES = {
    "detect": "detect",
    "start": "start the run",
    "decide": "decide",
    "wait": "wait for consent",
    "preserve": "keep evidence",
    "prepare": "check target",
    "switch": "switch traffic",
    "restart": "restart",
    "verify": "verify",
    "go back": "go back",
    "database": "database",
}

COLOURS = {
    "detect": "#E69F00",
    "start": "#555555",
    "decide": "#56B4E9",
    "wait": "#BBBBBB",
    "preserve": "#009E73",
    "prepare": "#F0E442",
    "switch": "#0072B2",
    "restart": "#0072B2",
    "verify": "#CC79A7",
    "go back": "#D55E00",
}
"""Okabe and Ito's palette: told apart by colour-blind people. Rows and names say the same without colour."""

OTHER = "#777777"
IN_TIME, LATE, UNUSED, WAITED = "#0072B2", "#D55E00", "#E8E8E8", "#BBBBBB"
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "backout",
    "svg.fonttype": "path",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 9,
}
