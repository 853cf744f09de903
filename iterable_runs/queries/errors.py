"""Errors of questions to the history. Their texts hold neither a URL nor anything personal."""

from __future__ import annotations


class HistoryError(Exception):
    """The run history cannot be read."""


class NoSuchRunError(Exception):
    """No run, or more than one, has an id that begins so."""


class NotASampleError(Exception):
    """A run says nothing about how long others will take."""
