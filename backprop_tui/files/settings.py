"""What a user prefers in every run, kept in config.toml: the theme, the decimals, when it asks.

The program writes the theme alone; the rest is for whoever edits the file. What is wrong in it is
told in a sentence and passed over.
"""

import os
from dataclasses import dataclass
from typing import Annotated, Any

from backprop_tui.files import lazy
from backprop_tui.files.atomic_write import SaveError, write_file
from backprop_tui.files.experiment_file import ExperimentError, parsed, text_of_file
from backprop_tui.files.schema import Faults
from backprop_tui.files.schema import read as read_section
from backprop_tui.messages import path_shown
from backprop_tui.model.experiment import DECIMALS
from backprop_tui.model.keys import Key, name_among, section
from backprop_tui.model.saved import ASKING, THEMES


@dataclass(frozen=True)
class Settings:
    """The preferences of a user; None where there is none."""

    theme: Annotated[str | None, Key(name_among(THEMES), "the colours of the screen")] = None
    decimals: Annotated[int | None, Key(DECIMALS.kind, DECIMALS.about)] = None
    ask: Annotated[str | None, Key(name_among(ASKING), "when questions are asked")] = None


NO_SETTINGS = Settings()
SETTINGS = section("the settings", Settings)


def settings_file() -> str:
    """The path of config.toml, in XDG_CONFIG_HOME or in ~/.config; it may not exist."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    if not os.path.isabs(home):
        home = os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(home, "backprop-tui", "config.toml")


def read() -> tuple[Settings, tuple[str, ...]]:
    """The settings, and a sentence for each fault of their file: what it says is passed over."""
    try:
        document = parsed(_text(), settings_file())
    except ExperimentError as error:
        return NO_SETTINGS, error.faults
    values = read_section(SETTINGS, document, (), faults := Faults(document))
    place = path_shown(settings_file())
    return Settings(**values), tuple(f"{place}: {fault}" for fault in faults.in_file_order())


def remember_theme(name: str) -> str:
    """Write the theme into the settings, whose other lines stay. Returns a sentence that says why
    it cannot be written; an empty text where it was."""
    place = settings_file()
    try:
        text = _text()
        document: dict[str, Any] = parsed(text, place) | {"theme": name}
        os.makedirs(os.path.dirname(place), exist_ok=True)
        write_file(place, lazy.changed(text, document), overwrite=True)
    except ExperimentError as error:
        why = str(error.faults[0])
    except SaveError as error:
        why = str(error)
    except OSError as error:
        why = f"{path_shown(place)} cannot be written: {error.strerror}"
    else:
        return ""
    # The path comes last: where there is no room for all, it is what is cut.
    why = why.replace(path_shown(place), os.path.basename(place), 1)
    return f"The theme is not remembered: {why} ({path_shown(place)})"


def _text() -> str:
    """The text of the settings' file, nothing where there is none. Raises ExperimentError."""
    place = settings_file()
    return text_of_file(place, "a file of settings") if os.path.lexists(place) else ""
