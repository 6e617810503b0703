"""Worked examples of backpropagation as their authors printed them: experiments and figures.

Figures are strings as printed. A symbol of the parameters means its value after the update; figures
that the source has wrong stand with what is right instead, and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from backprop_tui.engine.experiment import Experiment, Network, Training
from tests.networks import experiment

Figures: TypeAlias = "str | list[list[str]]"


@dataclass(frozen=True)
class Published:
    source: str
    experiment: Experiment
    printed: Mapping[str, Figures]
    """By symbol, cell or expression, in the first iteration."""
    within: float = 0.0
    """Only where the source computes with rounded figures itself."""
    corrected: Mapping[str, Figures] = field(default_factory=dict)
    """What is right where the print is wrong."""


MAZUR = Published(
    "Matt Mazur, A Step by Step Backpropagation Example, 2015",
    experiment(
        Network((2, 2, 2), ("sigmoid", "sigmoid"), "half_squared_error"),
        Training(learning_rate=0.5, freeze=("b1", "b2")),
        [[0.05], [0.10]],
        [[0.01], [0.99]],
        {
            "W1": [[0.15, 0.20], [0.25, 0.30]],
            "b1": [[0.35], [0.35]],
            "W2": [[0.40, 0.45], [0.50, 0.55]],
            "b2": [[0.60], [0.60]],
        },
    ),
    {
        "Z1[1,1]": "0.3775",
        "A1": [["0.593269992"], ["0.596884378"]],
        "Z2[1,1]": "1.105905967",
        "A2": [["0.75136507"], ["0.772928465"]],
        "L": [["0.298371109"]],
        "dA2[1,1]": "0.74136507",
        "σ′(Z2[1,1])": "0.186815602",
        "dZ2[1,1]": "0.138498562",
        "dW2[1,1]": "0.082167041",
        "dA1[1,1]": "0.036350306",
        "σ′(Z1[1,1])": "0.241300709",
        "dW1[1,1]": "0.000438568",
        "W2": [["0.35891648", "0.408666186"], ["0.511301270", "0.561370121"]],
        "W1": [["0.149780716", "0.19956143"], ["0.24975114", "0.29950229"]],
    },
)
# The article's figures after the first update come from updating W2 before dA1 is computed, which
# its program does and its text does not. By number of updates done: what is printed, what is right.
MAZUR_LATER = {
    ("L", 1): ([["0.291027924"]], [["0.291027774"]]),
    ("A2", 10_000): ([["0.015912196"], ["0.984065734"]], [["0.015913620"], ["0.984064274"]]),
    ("L", 10_000): ([["0.000035085"]], [["0.0000351019"]]),
}

HAN_KAMBER = Published(
    "Han and Kamber, Data Mining: Concepts and Techniques",
    experiment(
        Network((3, 2, 1), ("sigmoid", "sigmoid"), "half_squared_error"),
        Training(learning_rate=0.9),
        [[1.0], [0.0], [1.0]],
        [[1.0]],
        {
            "W1": [[0.2, 0.4, -0.5], [-0.3, 0.1, 0.2]],
            "b1": [[-0.4], [0.2]],
            "W2": [[-0.3, -0.2]],
            "b2": [[0.1]],
        },
    ),
    {
        "Z1": [["-0.7"], ["0.1"]],
        "A1": [["0.332"], ["0.525"]],
        "Z2": [["-0.105"]],
        "A2": [["0.474"]],
        "−dZ2": [["0.1311"]],
        "−dZ1": [["-0.0087"], ["-0.0065"]],
        "W2": [["-0.261", "-0.138"]],
        "W1": [["0.192", "0.4", "-0.508"], ["-0.306", "0.1", "0.194"]],
        "b2": [["0.218"]],
        "b1": [["-0.408"], ["0.194"]],
    },
    within=1e-4,  # it computes with figures rounded to three places: its error is 0.131169 exactly
)

YEH = Published(
    "Tom Yeh, AI by Hand in Excel, the backpropagation workbook",
    experiment(
        Network((4, 3, 4, 3), ("relu", "relu", "softmax"), "cross_entropy"),
        Training(learning_rate=0.1, batch=2, reduction="sum"),
        [[2.0, -1.0], [1.0, 1.0], [2.0, 1.0], [1.0, 2.0]],
        [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0]],
        {
            "W1": [[1, 0, -1, 1], [0, 1, 1, 0], [1, -1, 0, 0]],
            "b1": [[1], [1], [0]],
            "W2": [[0, -1, 2], [-1, 1, 0], [0, 1, 1], [-1, 0, 0]],
            "b2": [[1], [2], [1], [3]],
            "W3": [[0, -1, -1, 2], [-1, 0, 0, 0], [-1, 0, 1, 0]],
            "b3": [[5], [2], [-4]],
        },
    ),
    {
        "Z1": [["2", "1"], ["4", "3"], ["1", "-2"]],
        "Z2": [
            ["-1", "-2"],
            ["4", "4"],
            ["6", "4"],
            ["1", "2"],
        ],
        "Z3": [["-3", "1"], ["2", "2"], ["2", "0"]],
        "A3": [
            ["0.003357661626502615", "0.24472847105479764"],
            ["0.49832116918674874", "0.6652409557748219"],
            ["0.49832116918674874", "0.09003057317038046"],
        ],
        "dZ3": [
            ["0.003357661626502615", "0.24472847105479764"],
            ["0.49832116918674874", "-0.3347590442251781"],
            ["-0.5016788308132513", "0.09003057317038046"],
        ],
        "dW3": [
            ["0", "0.992344530725201", "0.9990598539782063", "0.4928146037360979"],
            ["0", "0.6542484998462825", "1.6508908382197798", "-0.17119691926360747"],
            ["0", "-1.6465930305714833", "-2.649950692197986", "-0.32161768447249034"],
        ],
        "dA2": [
            ["0.0033576616265025283", "0.24472847105479764"],
            ["-0.003357661626502615", "-0.24472847105479764"],
            ["-0.5050364924397539", "-0.15469789788441718"],
            ["0.00671532325300523", "0.4894569421095953"],
        ],
        "db3": [["0.24808613268130025"], ["0.16356212496157063"], ["-0.41164825764287083"]],
        "dW2[2,1]": "-0.2514437943078029",
        "dW2[2,2]": "-0.7476160596704033",
        "dW2[2,3]": "-0.003357661626502615",
        "dW2[3,1]": "-1.164770882763925",
        "dW2[3,2]": "-2.484239663412267",
        "dW2[3,3]": "-0.5050364924397539",
        "dW2[4,1]": "0.5028875886156058",
        "dW2[4,2]": "1.4952321193408067",
        "dW2[4,3]": "0.00671532325300523",
    },
    # The sheet leaves out the gate of the ReLU of layer 2, so that dZ2[1] and all that follows from
    # it is wrong there; of dA1 it prints −0.00336 −0.51175 −0.49832 for the first example.
    corrected={"dA1[1,1]": "-0.00336", "dA1[2,1]": "-0.50839", "dA1[3,1]": "-0.50504"},
)

ALL = {"mazur": MAZUR, "han-kamber": HAN_KAMBER, "yeh": YEH}
