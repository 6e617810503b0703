"""A document as it was read, and what follows from it that several checks need.

Whatever is absent or already found wrong is None: each check tells one thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from backprop_tui.files import lazy as files
from backprop_tui.files.schema import Faults, Path
from backprop_tui.files.sections import FLAGS, WRITTEN, flag_name, section_of
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.expressions import Expr
from backprop_tui.maths.functions import Array
from backprop_tui.maths.rules import NoRule
from backprop_tui.maths.shapes import Shape, ShapeMismatch, written
from backprop_tui.messages import count, listed
from backprop_tui.model import lazy
from backprop_tui.model.algorithm import architecture_of, program_of
from backprop_tui.model.experiment import sizes_of_batches
from backprop_tui.model.layers import INPUT, OBJECTIVE, TARGET
from backprop_tui.model.network import ORIENTATIONS, Network, Training, WrittenNetwork
from backprop_tui.model.program import Program

if TYPE_CHECKING:
    from backprop_tui.files.csv_data import CsvData

MOST_PARAMETERS = 50_000_000  # numbers in all W and b: 400 MB, before any gradient


@dataclass(frozen=True)
class Draft:
    """A document as read, with None for whatever is absent or already found wrong."""

    values: Mapping[str, Any]
    faults: Faults

    def __getitem__(self, path: tuple[str, str]) -> Any:
        table, key = path
        return (self.values.get(table) or {}).get(key)

    def entries(self, key: str) -> list[tuple[int, Mapping[str, Any]]]:
        """The entries of a list of sections that were read, each with its place in the list."""
        return [(i, entry) for i, entry in enumerate(self.values.get(key) or ()) if entry]

    @property
    def layers(self) -> tuple[int, ...] | None:
        """The layers, if every one of them is known."""
        layers: tuple[int, ...] | None = None if self.is_written else self["network", "layers"]
        return None if layers is None or None in layers else layers

    @property
    def orientation(self) -> str:
        """What examples are in the matrices of a dense network: columns or rows."""
        return self["network", "orientation"] or ORIENTATIONS[0]

    @property
    def shapes(self) -> dict[str, Shape] | None:
        """The shape of each parameter, if the network's sizes are known."""
        if self.program is None:
            return None
        shapes = self.program.architecture.of_one
        return {symbol: shapes[symbol] for symbol in self.program.architecture.parameters}

    @property
    def examples(self) -> int | None:
        """How many examples there are."""
        if not self.is_written:
            for key in ("X", "Y"):
                if (rows := self["data", key]) is not None:
                    return len(rows)
            per_example = self.whole.per_example if self.whole else ()
            along = (g.shape[self.faults.axis] for s, g in self.given.items() if s in per_example)
            return next(along, 1 if self.given else None)
        data = (self.values.get("data") or {}).values()
        known = (len(rows) for rows in data if isinstance(rows, np.ndarray))
        return next(known, 1 if data else None)

    @property
    def is_written(self) -> bool:
        """Whether the network is written as forward formulas."""
        return section_of(self.faults.document) is WRITTEN

    @property
    def csv(self) -> CsvData | None:
        """The CSV file that the data came from."""
        return None if self.is_written else cast("CsvData | None", self["data", "from_csv"])

    @cached_property
    def whole(self) -> Program | None:
        """The program as it is without [given], for one example; None if it is not known.

        Activations change neither symbols nor shapes: dense layers are linear.
        """
        network = self._network((), ())
        return None if network is None else program_of(network, Training())

    @cached_property
    def given(self) -> dict[str, Array]:
        """The values and gradients of the network that [given] has."""
        found, whole = self.values.get("given") or {}, self.whole
        if whole is None:
            return {}
        known = whole.of_kind("value", "gradient")
        return {s: value for s, value in found.items() if value is not None and s in known}

    @property
    def absent(self) -> tuple[str, ...]:
        """The data that is left out, as values are given."""
        data = self.values.get("data") or {}
        return tuple(key for key in (INPUT, TARGET) if self.given and key not in data)

    @property
    def batch(self) -> int | None:
        """Examples in a batch; where values are given, all."""
        training = self.values.get("training", {})
        usual = "all" if self.values.get("given") else 1
        batch: int | str | None = None if training is None else training.get("batch", usual)
        return self.examples if batch == "all" else cast("int | None", batch)

    def batch_of(self, iteration: int | None) -> int | None:
        """Examples in that iteration's batch, of which an epoch's last one may hold fewer; for None
        in the smallest."""
        batch, examples = self.batch, self.examples
        if batch is None or examples is None or batch > examples:
            return None
        batches = -(-examples // batch)
        return min(batch, examples - ((iteration or batches) - 1) % batches * batch)

    @property
    def bias(self) -> bool:
        """Whether the network has biases."""
        return self["network", "bias"] is not False

    @property
    def rule(self) -> Training:
        """What of the training decides which steps there are."""
        return Training(
            batch=self.batch or 1,
            l2=self["training", "l2"] or 0.0,
            freeze=tuple(self["training", "freeze"] or ()),
            input_gradient=bool(self["training", "input_gradient"]),
            optimizer=self["training", "optimizer"] or "gradient_descent",
        )

    @cached_property
    def written(self) -> WrittenNetwork | None:
        """The network of forward formulas, if all of it is known."""
        tables = [self.values.get(name) or {} for name in ("parameters", "data", "forward")]
        functions = self.values.get("functions") or {}
        values = [value for table in (*tables, functions) for value in table.values()]
        if not self.is_written or not all(tables) or not all(map(_is_whole, values)):
            return None
        if self.batch is None or self.examples is None or self.batch > self.examples:
            return None
        parameters, data, forward = tables
        t = self["repeat", "t"]
        if t is not None and None in (t.get("from"), t.get("to")):
            return None
        same = frozenset(s for s, value in data.items() if isinstance(value, dict))
        return WrittenNetwork(
            tuple(parameters.items()),
            tuple(
                (s, value["matrix"].shape if s in same else (value.shape[1], 1))
                for s, value in data.items()
            ),
            tuple(forward.items()),
            tuple(functions.items()),
            (t["from"], t["to"]) if t else None,
            same,
            sizes_of_batches(self.examples, self.batch),
        )

    @cached_property
    def faults_of_written(self) -> Sequence[tuple[str, str, str]]:
        """What is wrong with the network of forward formulas: section, key and sentence."""
        try:
            if self.written is not None:
                architecture_of(self.written)
        except lazy.NetworkError as error:
            return error.faults
        return ()

    @property
    def network(self) -> Network | WrittenNetwork | None:
        """The network, if all of it is known."""
        if self.written is not None:
            return self._network(tuple(self.given), self.absent)
        layers, loss = self.layers, self["network", "loss"]
        activations = self["network", "activations"]
        if layers is None or loss is None or activations is None or None in activations:
            return None
        if len(activations) != len(layers) - 1:
            return None
        given, absent = tuple(self.given), self.absent
        return Network(layers, tuple(activations), loss, self.bias, self.orientation, given, absent)

    @cached_property
    def program(self) -> Program | None:
        """A program with the symbols and shapes of this one, if the network's sizes are known."""
        network = self._network(tuple(self.given), self.absent)
        # A mistake has its own order of steps, and may hand on gradients.
        mistake = CATALOGUE.get(self.values.get("mistake") or "")
        own, _ = self.own_forward
        if own:  # which gradients there are depends on what these compute
            network = self.network
        if network is None:
            return None
        try:
            program = program_of(network, self.rule, own, mistake)
            for m in (1, *self.batch_sizes) if self.is_written and not mistake else ():
                program.own_shapes(m)
        except NoRule as error:  # of parameters, the network is refused without a rule
            self.faults.add(("training", "input_gradient"), f"must be false here: {error}")
        except ShapeMismatch as error:  # formulas that fit two sizes of a batch in different ways
            self.faults.add(("forward",), f"has a gradient that fits no batch of {m}: {error}")
        else:
            return program
        return None

    @cached_property
    def own_forward(self) -> tuple[dict[str, Expr], dict[str, str]]:
        """The author's own formulas of the forward pass that can be run; of the others a sentence
        that says why not."""
        own, faults = dict[str, Expr](), dict[str, str]()
        formulas, network = self.values.get("formulas"), self.network
        if not formulas or network is None or self.batch is None or self._is_too_large(network):
            return own, faults
        forward = architecture_of(network).forward & program_of(network, self.rule).positions.keys()
        for symbol in (symbol for symbol in formulas if symbol in forward and formulas[symbol]):
            program = program_of(network, self.rule, own)
            try:
                own[symbol] = files.read(program, symbol, formulas[symbol], *self.batch_sizes)
                program_of(network, self.rule, own)
            except files.FormulaError as error:
                faults[symbol] = f"cannot be computed: {error}"
            except NoRule as error:
                faults[symbol] = f"cannot be differentiated: {error}"
                del own[symbol]
        return own, faults

    def _is_too_large(self, network: Network | WrittenNetwork) -> bool:
        """Whether it is refused for its size, so that nothing of it is computed."""
        architecture, examples = architecture_of(network), self.examples
        weights = sum(prod(architecture.of_one[symbol]) for symbol in architecture.parameters)
        is_more = examples is not None and self.batch is not None and self.batch > examples
        return is_more or weights > MOST_PARAMETERS

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """How many examples the batches of an epoch have, each size once."""
        batch = self.batch or 1
        return tuple(sizes_of_batches(max(batch, self.examples or batch), batch))

    def _network(
        self, given: tuple[str, ...], absent: tuple[str, ...]
    ) -> Network | WrittenNetwork | None:
        """The network with those given values; dense layers are linear."""
        if self.written is not None:
            if self.faults_of_written:
                return None
            return replace(self.written, given=given, absent=absent)
        if self.layers is None:
            return None
        loss = self["network", "loss"] or "half_squared_error"
        linear = ("linear",) * (len(self.layers) - 1)
        return Network(self.layers, linear, loss, self.bias, self.orientation, given, absent)

    @property
    def steps(self) -> tuple[str, ...] | None:
        """The symbols of an iteration's steps, in order."""
        if self.program is None or self.batch is None:
            return None
        return tuple(self.program.positions)

    def shapes_in(self, iteration: int | None) -> Mapping[str, Shape] | None:
        """The shape of every symbol in that iteration; for None in that of the smallest batch."""
        m = self.batch_of(iteration)
        return None if self.program is None or m is None else self.program.shapes(m)

    # Faults that several checks tell

    def no_step(self, path: Path, step: str) -> None:
        """Tell that this is no step of an iteration."""
        if step in (self["training", "freeze"] or ()):
            self.faults.add(path, f"names no step: {step} is frozen, so it is never updated")
        elif step in self.given:
            self.faults.add(path, f"names no step: {step} is given, so it is not computed")
        elif step == OBJECTIVE:
            self.faults.add(path, "names no step: a batch of one example has no J, only L")
        else:
            steps = self.steps or ()
            self.faults.must(path, f"a step of this network, {listed(steps)}", step, steps)

    def fits(self, path: Path, symbol: str, shape: Shape) -> None:
        """Tell where a parameter, or a running mean of its gradient, has not its layer's shape."""
        assert self.program is not None
        assert self.whole is not None
        right = self.program.shapes(1)[symbol]
        role = self.program.roles.get(symbol) or self.whole.roles[symbol]  # not needed with [given]
        if shape == right:
            return
        if not self.program.layers or role.group is None:
            must = f"has shape {written(shape)}: it must be {must_be(right, shape)}"
            self.faults.add(path, f"{must}, as parameters.{role.of or symbol} says")
            return
        layer = self.program.layers[role.group - 1]
        reading = f" reading {layer.reads}" if role.part == "weight" else ""
        mend = ""
        if path[0] == "initial" and shape[::-1] == right:
            other = next(name for name in ORIENTATIONS if name != self.orientation)
            mend = f': transpose it, or set network.orientation = "{other}"'
        self.faults.add(
            path,
            f"has shape {written(shape)}, but layer {layer.number} has "
            f"{count(layer.neurons, 'neuron')}{reading}: it must be {must_be(right, shape)}" + mend,
        )

    def came_from(self, flag: str) -> bool:
        """Whether a flag of the command line gave that key."""
        return FLAGS[flag].path in self.faults.origins

    def mend(self, flag: str) -> str:
        """How to mend data or activations that the command line's --layers left behind."""
        if not self.came_from("layers") or self.came_from(flag):
            return ""
        what = {"x": "the data", "y": "the targets", "activations": "them"}[flag]
        return f": give {what} with {flag_name(flag)}"


def _is_whole(value: Any) -> bool:
    """Whether a value is known, and all of it: what is wrong in a list or table has left None."""
    if isinstance(value, dict):
        value = value.get("matrix")
    return value is not None and not (isinstance(value, tuple) and None in value)


def must_be(right: Shape, shape: Shape) -> str:
    """The shape that a matrix must have, and whether it only has to be transposed."""
    return written(right) + (", the transpose of that" if shape[::-1] == right else "")
