"""Choosing a department or a service: a page of tiles and the buttons that turn it."""

from __future__ import annotations

from uuid import uuid4

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.widget import Widget

from kiosk.flows import intake_words as w
from kiosk.presenters.views import Entry, Tile, TilesView, View, body_of
from kiosk.ui.widgets.touchables import DepartmentTile, EntryButton, PageNumber, ServiceTile, TileButton


class TilesScreen(BoxLayout):
    """`show` is the way in, `on_said` with an event of the flow the way out."""

    __events__ = ("on_said",)
    pages = NumericProperty(1)
    page = NumericProperty(0)
    previous = StringProperty("")
    next = StringProperty("")
    label = StringProperty("")
    paged = BooleanProperty(False)
    entered = BooleanProperty(False)
    """There are ways to something else below the tiles."""

    def show(self, view: View) -> None:
        """Draw `view`, whose body is a TilesView."""
        body = body_of(view, TilesView)
        of = view.screen.removeprefix("choose-")
        self._fill(body, DepartmentTile if of == "department" else ServiceTile, of)
        self._enter(body.entries)
        self.pages, self.page, self.paged = body.pages, body.page, body.pages > 1
        self.previous, self.next, self.label = body.previous, body.next, body.label
        self._number(body)

    def _fill(self, body: TilesView, kind: type[TileButton], of: str) -> None:
        """Reuse the tiles that are there: a new count on a badge is no reason to build a page."""
        grid = self.ids.grid
        places = body.columns * body.rows
        old = [child for child in reversed(grid.children) if isinstance(child, kind)]
        if (grid.cols, grid.rows, len(old), len(grid.children)) != (
            body.columns,
            body.rows,
            len(body.tiles),
            places,
        ):
            grid.clear_widgets()
            grid.cols, grid.rows = body.columns, body.rows
            old = [kind(size_hint=(1, 1)) for _ in body.tiles]
            for tile in old:
                tile.bind(on_release=self._chosen)
                grid.add_widget(tile)
            for _ in range(places - len(old)):
                grid.add_widget(Widget())
        for button, said in zip(old, body.tiles, strict=True):
            _dress(button, said, of)

    def _enter(self, entries: tuple[Entry, ...]) -> None:
        row = self.ids.entries
        if len(row.children) != len(entries):
            row.clear_widgets()
            for _ in entries:
                button = EntryButton(size_hint=(1, 1))
                button.bind(on_release=lambda touched: self._entered(touched.key))
                row.add_widget(button)
        for button, entry in zip(reversed(row.children), entries, strict=True):
            button.key, button.caption, button.icon = entry.key, entry.text, entry.icon
        self.entered = bool(entries)

    def _entered(self, key: str) -> None:
        _, _, name = key.partition(":")
        opened = name == "package"
        self.dispatch(
            "on_said", w.PackagesOpened() if opened else w.ErrandChosen(uuid4().hex, w.Errand(name))
        )

    def _number(self, body: TilesView) -> None:
        numbers = self.ids.numbers
        wanted = body.pages if body.pages > 1 else 0
        if len(numbers.children) != wanted:
            numbers.clear_widgets()
            for index in range(wanted):
                button = PageNumber(caption=str(index + 1), key=f"page:{index}")
                button.bind(on_release=lambda touched: self.turn(int(touched.key.split(":")[1])))
                numbers.add_widget(button)
        for index, button in enumerate(reversed(numbers.children)):
            button.chosen = index == body.page

    def turn(self, page: int) -> None:
        """Show another page, around the end too."""
        self.dispatch("on_said", w.PageTurned(page % int(self.pages)))

    def _chosen(self, button: TileButton) -> None:
        kind, _, code = button.key.partition(":")
        new_id = uuid4().hex  # born here: the idempotency key of the ticket
        chosen = {"department": w.DepartmentChosen, "service": w.ServiceChosen, "package": w.PackageChosen}
        self.dispatch("on_said", chosen[kind](new_id, code))

    def on_said(self, event: object) -> None:
        """Event: a finger said this.  The app binds it."""


def _dress(button: TileButton, tile: Tile, kind: str) -> None:
    button.key = f"{kind}:{tile.key}"
    button.caption = button.title = tile.title
    button.subtitle, button.badge, button.tone = tile.subtitle, tile.badge, tile.tone.value
    button.icon, button.tag, button.accent = tile.icon, tile.tag, tile.accent
    button.disabled, button.subtitle_rows = not tile.enabled, tile.subtitle_rows


Builder.load_file(__file__.replace(".py", ".kv"))
