"""What a person sees of the demo: one line a step with its time, and the step that is under way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.text import Text

_WIDTH = 62


class Step:
    """A step under way. `note` says more, and may change while the step runs."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.note: Callable[[], str] = str
        self._began = time.monotonic()

    def line(self, mark: str) -> str:
        """The step in one line of rich's markup."""
        seconds = time.monotonic() - self._began
        return f"{mark} {escape(self.words):<{_WIDTH}} {seconds:6.1f} s  [dim]{escape(self.note())}[/dim]"


class Screen:
    """Steps on a console. Where nobody watches live, in a file or a pipe, each step is a line when it is done."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextmanager
    def step(self, words: str) -> Iterator[Step]:
        """Show a step while the block runs, then how long it took."""
        step = Step(words)
        try:
            with self._live(step):
                yield step
        except BaseException:
            self.say(step.line("[red]✗[/red]"))
            raise
        self.say(step.line("[green]✓[/green]"))

    def act(self, name: str, seconds: float | None, error: str = "") -> None:
        """One of Backout's own acts, below the step it belongs to."""
        mark = "[red]✗[/red]" if error else "[green]✓[/green]"
        took = f"{seconds:6.2f} s" if seconds is not None else ""
        self.say(f"    {mark} {escape(name):<{_WIDTH - 4}} {took}  {escape(error)}")

    def say(self, markup: str) -> None:
        """One line of rich's markup."""
        self.console.print(markup, highlight=False, soft_wrap=True)

    def quote(self, text: str) -> None:
        """Text as it is, for logs."""
        self.console.print(text, style="dim", markup=False, highlight=False, soft_wrap=True)

    def _live(self, step: Step) -> Live | nullcontext[None]:
        if not self.console.is_terminal:
            return nullcontext()
        spinner = Spinner("dots")

        def picture() -> Spinner:
            text = Text.from_markup(step.line("").lstrip())
            text.truncate(self.console.width - 3, overflow="ellipsis")
            spinner.update(text=text)
            return spinner

        return Live(console=self.console, get_renderable=picture, transient=True, refresh_per_second=10)
