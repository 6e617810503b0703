"""A session in words that a test types into: what is told comes back line by line."""

from __future__ import annotations

from backprop_tui.files.experiment_file import load
from backprop_tui.model.experiment import Experiment
from backprop_tui.plain.face import PlainFace


class Typed:
    """Type lines; what was told since is the answer."""

    def __init__(self, experiment: Experiment | str, ask: str = "off", decimals: int = 3) -> None:
        if isinstance(experiment, str):
            experiment = load(experiment)
        self.told: list[str] = []
        self.face = PlainFace(experiment, decimals, self.told.append)
        self.session = self.face.session
        self.session.mode = ask or experiment.asks
        self.face.open()

    def __call__(self, *lines: str) -> list[str]:
        """What the last of the lines is answered."""
        for line in lines:
            before = len(self.told)
            self.face.line(line)
        return self.told[before:]

    def one(self, *lines: str) -> str:
        """The only sentence that the last of them is answered."""
        (told,) = self(*lines)
        return told
