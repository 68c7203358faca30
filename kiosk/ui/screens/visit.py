"""The screens of a visit after the choice: card, issuing, ticket, and the notices."""

from __future__ import annotations

from kivy.lang import Builder
from kivy.properties import BooleanProperty, NumericProperty, StringProperty
from kivy.uix.boxlayout import BoxLayout
from kivy.uix.label import Label
from kivy.uix.relativelayout import RelativeLayout

from kiosk.flows import intake_words as w
from kiosk.presenters.views import CardView, Fact, IssuingView, NoticeView, TicketView, View, body_of
from kiosk.ui.theme import metrics
from kiosk.ui.widgets import touchables  # noqa: F401  the rules use Pill


class Sheet(RelativeLayout):
    """The white sheet a visit's screens are written on."""


class Banner(BoxLayout):
    """Something to notice: an icon, a line, and perhaps a second."""

    text = StringProperty("")
    detail = StringProperty("")
    icon = StringProperty("information-outline")
    tone = StringProperty("calm")
    units = NumericProperty(40)
    room = NumericProperty(100)
    tall = NumericProperty(100)
    """How high it wants to be for its texts, in pixels."""


class Perforation(RelativeLayout):
    """Where a paper ticket would be torn."""


class CardPicture(RelativeLayout):
    """A card coming down on the reader, in the largest square there is room for."""

    side = NumericProperty(100)
    left = NumericProperty(0)
    low = NumericProperty(0)
    fault = BooleanProperty(False)


class VisitScreen(RelativeLayout):
    """`show` is the way in, `on_said` with an event of the flow the way out."""

    __events__ = ("on_said",)
    visit = StringProperty("")
    greeting = StringProperty("")

    def forget(self) -> None:
        """Drop the citizen's name: a screen that is put away keeps its texts."""
        self.visit = self.greeting = ""

    def on_said(self, event: object) -> None:
        """Event: a finger said this.  The app binds it."""


class CardScreen(VisitScreen):
    """Put your card here."""

    place = StringProperty("")
    keep = StringProperty("")
    why = StringProperty("")
    note = StringProperty("")
    detail = StringProperty("")
    without = StringProperty("")
    retry = StringProperty("")
    fault = BooleanProperty(False)
    code = BooleanProperty(False)
    scan = BooleanProperty(False)

    def show(self, view: View) -> None:
        """Draw `view`, whose body is a CardView."""
        body = body_of(view, CardView)
        self.visit = view.visit
        for name in CardView.__dataclass_fields__:
            setattr(self, name, getattr(body, name))

    def go_without(self) -> None:
        """No card at hand."""
        self.dispatch("on_said", w.CodeWanted(self.visit) if self.code else w.WithoutCard(self.visit))

    def try_again(self) -> None:
        """Ask the reader once more."""
        self.dispatch("on_said", w.TryCardAgain(self.visit))


class IssuingScreen(VisitScreen):
    """A number is under way."""

    text = StringProperty("")

    def show(self, view: View) -> None:
        """Draw `view`, whose body is an IssuingView."""
        body = body_of(view, IssuingView)
        self.greeting, self.text = body.greeting, body.text


class FactRow(BoxLayout):
    """One line under a number."""

    icon = StringProperty("")
    label = StringProperty("")
    value = StringProperty("")
    line = StringProperty("")
    rows = NumericProperty(1)


class Number(Label):
    """The number, as big as its width allows; `wish` is the wished size in pixels.

    No Text: digits have neither accents nor tails, so its rows need not fit their box.
    """

    wish = NumericProperty(200)


class TicketScreen(VisitScreen):
    """The number, huge, at once."""

    number = StringProperty("")
    service = StringProperty("")
    notice = StringProperty("")
    detail = StringProperty("")
    tone = StringProperty("calm")
    notice_icon = StringProperty("")
    reminder = StringProperty("")
    again = StringProperty("")
    done = StringProperty("")
    place = BooleanProperty(False)
    page = NumericProperty(0)
    pages = NumericProperty(1)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        metrics.bind(portrait=self.place_actions, elder=self.place_actions)
        self.place_actions()

    def show(self, view: View) -> None:
        """Draw `view`, whose body is a TicketView."""
        body = body_of(view, TicketView)
        self.visit = view.visit
        for name in TicketView.__dataclass_fields__:
            if name != "facts":
                setattr(self, name, getattr(body, name))
        self._state_facts(body.facts)

    def _state_facts(self, facts: tuple[Fact, ...]) -> None:
        rows = self.ids.facts
        rows.clear_widgets()
        for fact in facts:
            row = FactRow(icon=fact.icon, label=fact.label, value=fact.value, line=fact.line, rows=fact.rows)
            rows.add_widget(row)

    def place_actions(self, *_: object) -> None:
        """Large text on a wide screen fills the right column: the buttons go under the number."""
        column = self.ids.left if metrics.elder and not metrics.portrait else self.ids.right
        actions = self.ids.actions
        if actions.parent is not column:
            actions.parent.remove_widget(actions)
            column.add_widget(actions)

    def forget(self) -> None:
        """Drop the number as well."""
        super().forget()
        self.number = self.service = ""
        self.ids.facts.clear_widgets()

    def print_again(self) -> None:
        """The paper did not come, or was lost."""
        self.dispatch("on_said", w.ReprintWanted(self.visit) if self.place else w.PrintAgain(self.visit))

    def finish(self) -> None:
        """The citizen has what they came for, or has another number to look at."""
        several = self.pages > 1
        turned = w.PageTurned(int((self.page + 1) % self.pages))
        self.dispatch("on_said", turned if several else w.WentHome())


class AdviceRow(BoxLayout):
    """One thing a citizen can do or should know."""

    text = StringProperty("")


NOTICE_ICONS = {
    "notice:home": "home-outline",
    "notice:ordinary": "ticket-confirmation-outline",
    "notice:code": "keyboard-outline",
    "notice:reprint": "printer-outline",
}


class NoticeScreen(VisitScreen):
    """Sorry, or out of order, with at most two ways out."""

    icon = StringProperty("")
    title = StringProperty("")
    button = StringProperty("")
    button_key = StringProperty("notice:home")
    button_icon = StringProperty("home-outline")
    second = StringProperty("")
    second_key = StringProperty("notice:home")
    second_icon = StringProperty("home-outline")
    tone = StringProperty("calm")

    def show(self, view: View) -> None:
        """Draw `view`, whose body is a NoticeView."""
        body = body_of(view, NoticeView)
        self.visit = view.visit
        self.icon, self.title, self.tone = body.icon, body.title, body.tone.value
        self.button, self.button_key, self.button_icon = body.button, body.key, NOTICE_ICONS[body.key]
        self.second, self.second_key = body.second, body.second_key
        self.second_icon = NOTICE_ICONS[body.second_key]
        rows = self.ids.lines
        rows.clear_widgets()
        for line in body.lines:
            rows.add_widget(AdviceRow(text=line))

    def forget(self) -> None:
        """Drop the number that a title may name."""
        super().forget()
        self.title = ""

    def go(self, key: str) -> None:
        """Take one of the ways out."""
        ways = {
            "notice:ordinary": w.OrdinaryWanted(self.visit),
            "notice:code": w.CodeWanted(self.visit),
            "notice:reprint": w.ReprintWanted(self.visit),
        }
        self.dispatch("on_said", ways.get(key, w.WentHome()))


Builder.load_file(__file__.replace(".py", ".kv"))
