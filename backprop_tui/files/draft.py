"""A document as the rules have read it, and what follows from it that several checks need.

Whatever is absent or already found wrong is None: each check tells one thing. It reports nothing
by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from backprop_tui.files.flags import FLAGS, flag_name
from backprop_tui.files.note_rules import (
    no_step,
)
from backprop_tui.files.schema import Faults, Path
from backprop_tui.maths.shapes import Shape, written
from backprop_tui.messages import count
from backprop_tui.model import algorithm
from backprop_tui.model.layers import parameter_shapes
from backprop_tui.model.network import Network, Training
from backprop_tui.model.program import Step, with_shapes_of

if TYPE_CHECKING:
    from backprop_tui.files.csv_data import CsvData


@dataclass(frozen=True)
class Draft:
    """A document as read, with None for whatever is absent or already found wrong."""

    values: Mapping[str, Any]
    faults: Faults

    def __getitem__(self, path: tuple[str, str]) -> Any:
        table, key = path
        return (self.values.get(table) or {}).get(key)

    @property
    def layers(self) -> tuple[int, ...] | None:
        """The layers, if every one of them is known."""
        layers: tuple[int, ...] | None = self["network", "layers"]
        return None if layers is None or None in layers else layers

    @property
    def shapes(self) -> dict[str, tuple[int, int]] | None:
        return None if self.layers is None else parameter_shapes(self.layers)

    @property
    def examples(self) -> int | None:
        X = self["data", "X"]
        return None if X is None else len(X)

    @property
    def csv(self) -> CsvData | None:
        """The CSV file that the data came from."""
        return cast("CsvData | None", self["data", "from_csv"])

    @property
    def batch(self) -> int | None:
        """Examples in a batch, if that is known."""
        training = self.values.get("training", {})
        batch: int | str | None = None if training is None else training.get("batch", 1)
        return self.examples if batch == "all" else cast("int | None", batch)

    def batch_of(self, iteration: int) -> int | None:
        """Examples in that iteration's batch: an epoch's last one may hold fewer."""
        batch, examples = self.batch, self.examples
        if batch is None or examples is None or batch > examples:
            return None
        return min(batch, examples - (iteration - 1) % -(-examples // batch) * batch)

    @property
    def rule(self) -> Training:
        """What of the training decides which steps there are."""
        return Training(
            batch=self.batch or 1,
            freeze=tuple(self["training", "freeze"] or ()),
            optimizer=self["training", "optimizer"] or "gradient_descent",
        )

    @property
    def network(self) -> Network | None:
        """The network, if all of it is known."""
        layers, loss = self.layers, self["network", "loss"]
        activations = self["network", "activations"]
        if layers is None or loss is None or activations is None or None in activations:
            return None
        if len(activations) != len(layers) - 1:
            return None
        return Network(layers, tuple(activations), loss)

    def no_step(self, path: Path, step: str) -> None:
        """A fault: that is no step of an iteration."""
        assert self.layers is not None
        names = tuple(s.symbol for s in steps_of(self.layers, self.rule))
        no_step(path, step, names, self["training", "freeze"] or (), self.faults)

    def came_from(self, flag: str) -> bool:
        return FLAGS[flag].path in self.faults.origins

    def mend(self, flag: str) -> str:
        """How to mend data or activations that the command line's --layers left behind."""
        if not self.came_from("layers") or self.came_from(flag):
            return ""
        what = {"x": "the data", "y": "the targets", "activations": "them"}[flag]
        return f": give {what} with {flag_name(flag)}"


def misfit(name: str, shape: tuple[int, ...], layers: Sequence[int]) -> str:
    layer = int(name[1:])
    neurons, reads = layers[layer], layers[layer - 1]
    has = count(neurons, "neuron")
    if name.startswith("W"):
        why, right = f"layer {layer} has {has} reading {reads}", (neurons, reads)
    else:
        why, right = f"layer {layer} has {has}", (neurons, 1)
    return f"has shape {written(shape)}, but {why}: it must be {written(right)}"


def steps_of(layers: tuple[int, ...], rule: Training) -> Iterator[Step]:
    """The steps of an iteration. Activations and loss do not change what they are called."""
    return algorithm.steps_of(plain(layers), rule)


def plain(layers: tuple[int, ...]) -> Network:
    return Network(layers, ("linear",) * (len(layers) - 1), "half_squared_error")


def shapes_of(draft: Draft) -> Callable[[int | None], Mapping[str, Shape]] | None:
    """The shapes of an iteration's symbols, by its number; for None those in the smallest batch."""
    layers, batch, examples = draft.layers, draft.batch, draft.examples
    if layers is None or batch is None or examples is None or batch > examples:
        return None
    batches = -(-examples // batch)  # an epoch; its last batch may be smaller

    def in_iteration(iteration: int | None) -> Mapping[str, Shape]:
        before = ((iteration or batches) - 1) % batches * batch
        return shapes_in(layers, draft.rule, min(batch, examples - before))

    return in_iteration


def shapes_in(layers: tuple[int, ...], rule: Training, examples: int) -> Mapping[str, Shape]:
    """The shape of every symbol. Activations and loss do not change them."""
    shapes: dict[str, Shape] = {"X": (layers[0], examples), "Y": (layers[-1], examples)}
    shapes |= parameter_shapes(layers)
    return with_shapes_of(steps_of(layers, rule), shapes)
