"""Bookmarks: where a learner has come, kept by the page, so that a lost session can go on.

A bookmark is a code with a signature. Whoever writes codes of their own could have any network
computed here; so only what a session of this server has said is opened again.
"""

from __future__ import annotations

import os
import secrets
from hmac import compare_digest, digest

LONGEST = 4_000
"""Characters of a code that a page is given: its bookmark comes back in an address."""


class Bookmarks:
    """Those of one server, for `word` as its command line names it: a lesson, or a file."""

    def __init__(self, word: str) -> None:
        self._word, self._secret = word, secrets.token_bytes(32)

    def of(self, code: str) -> str:
        """The bookmark of a code, or nothing where it is too long."""
        return f"{code}.{self._signature(code)}" if code and len(code) <= LONGEST else ""

    def code_in(self, bookmark: str) -> str | None:
        """The code in a bookmark that was made here."""
        code, _, signature = bookmark.partition(".")
        made_here = bookmark.isascii() and compare_digest(signature, self._signature(code))
        return code if made_here else None

    def _signature(self, code: str) -> str:
        """Another one when the file was written since: its author wants that to be seen."""
        try:
            written = os.stat(self._word).st_mtime_ns
        except OSError:  # a lesson, or a file that is gone
            written = 0
        return digest(self._secret, f"{written} {code}".encode(), "sha256").hex()
