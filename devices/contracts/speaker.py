"""Saying something in one audio zone."""

from __future__ import annotations

from devices.contracts.base import Message


class Announce(Message):
    """On `audio/{audio_zone}/say`: `text` after a chime, `repeat` times.

    `key` (ticket and window) lets a player drop a repeat of what still waits; `recall` goes to the front.
    The envelope's `expires_at` is the moment after which saying it would mislead.
    """

    key: str
    text: str
    language: str = "zh"
    repeat: int = 2
    recall: bool = False
    seq: int = 0
