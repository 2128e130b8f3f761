"""Somebody else's text, such as a server's error, as one line of a finding."""


def one_line(text: object, longest: int = 200) -> str:
    """Printable letters only, without line breaks, cut off at `longest`; empty for None."""
    shown = "".join(letter if letter.isprintable() else " " for letter in str(text or ""))
    return " ".join(shown.split())[:longest]
