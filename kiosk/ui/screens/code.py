"""Typing the code of an appointment on a keyboard of its own letters."""

from __future__ import annotations

from kivy.lang import Builder
from kivy.properties import BooleanProperty, StringProperty
from kivy.uix.relativelayout import RelativeLayout

from kiosk.flows import intake_words as w
from kiosk.presenters.views import CodeView, View, body_of
from kiosk.ui.screens.visit import VisitScreen
from kiosk.ui.theme import metrics
from kiosk.ui.widgets.touchables import Touchable


class LetterKey(Touchable):
    """One key of the keyboard; the key to erase has a picture as well."""

    icon = StringProperty("")


class LetterBox(RelativeLayout):
    """One place of the code; `current` is where the next letter goes."""

    letter = StringProperty("")
    current = BooleanProperty(False)


class CodeScreen(VisitScreen):
    """Eight places, the letters, and a key to check in."""

    prompt = StringProperty("")
    enter = StringProperty("")
    ready = BooleanProperty(False)

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        metrics.bind(portrait=self.place_enter)
        self.place_enter()

    def place_enter(self, *_: object) -> None:
        """On a wide screen the keys have a column of their own, and the key to check in stands beside."""
        column = self.ids.sheet if metrics.portrait else self.ids.left
        enter = self.ids.enter
        if enter.parent is not column:
            enter.parent.remove_widget(enter)
            column.add_widget(enter)

    def show(self, view: View) -> None:
        """Draw `view`, whose body is a CodeView."""
        body = body_of(view, CodeView)
        self.visit = view.visit
        self.prompt, self.enter, self.ready = body.prompt, body.enter, body.ready
        self._lay_keys(body)
        typed = [letter.strip() for letter in body.letters]
        for index, (box, letter) in enumerate(zip(self._boxes(len(typed)), typed, strict=True)):
            box.letter = letter
            box.current = not letter and index == len([one for one in typed if one])

    def forget(self) -> None:
        """Drop the code: a screen that is put away keeps its texts."""
        super().forget()
        for box in self.ids.boxes.children:
            box.letter = ""

    def check_in(self) -> None:
        """The code is complete."""
        self.dispatch("on_said", w.CodeEntered(self.visit))

    def _boxes(self, places: int) -> list[LetterBox]:
        boxes = self.ids.boxes
        while len(boxes.children) < places:
            boxes.add_widget(LetterBox())
        return list(reversed(boxes.children))

    def _lay_keys(self, body: CodeView) -> None:
        """Lay the keys once; only the word on the last one has a language."""
        keys = self.ids.letters
        if not keys.children:
            for letter in body.keys:
                key = LetterKey(caption=letter, key=f"letter:{letter}", size_hint=(1, 1))
                key.bind(on_release=lambda touched: self._typed(touched.caption))
                keys.add_widget(key)
            erase = LetterKey(key="letter:erase", icon="backspace-outline", size_hint=(1, 1))
            erase.bind(on_release=lambda _: self.dispatch("on_said", w.LetterErased(self.visit)))
            keys.add_widget(erase)
        keys.children[0].caption = body.erase

    def _typed(self, letter: str) -> None:
        self.dispatch("on_said", w.LetterTyped(self.visit, letter))


Builder.load_file(__file__.replace(".py", ".kv"))
