"""The command `train`: when it stops, what it keeps, what it says, and with which exit status."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import numpy as np
import pytest

from backprop_tui import lessons
from backprop_tui.__main__ import main
from backprop_tui.files.experiment_file import load
from backprop_tui.files.saving import resume
from backprop_tui.run.timeline import Timeline
from backprop_tui.run.training import first_ahead
from backprop_tui.session.opening import way_back
from backprop_tui.session.travel import known_losses
from tests.files import no_file_beyond
from tests.formulas import FOLDER, NAMES, program_file
from tests.networks import same_bits
from tests.terminal import Terminal, warm
from tests.tui.driver import stepping
from tests.warm import Warm

WILD = ("--learning-rate", "1e300", "--activations", "relu,linear", "--loss", "half_squared_error")
XOR = """
[network]
layers = [2, 4, 1]
activations = ["tanh", "sigmoid"]
loss = "binary_cross_entropy"
[data]
X = [[0, 0], [0, 1], [1, 0], [1, 1]]
Y = [[0], [1], [1], [0]]
[training]
order = "shuffled"
"""


class Trained:
    """A training that has ended: its exit status, its table, its faults."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out = status, out
        rows = (line.split(maxsplit=1) for line in out.splitlines()[3:])
        self.table = {row[0]: row[1] for row in rows if len(row) == 2}
        self.faults = [line.removeprefix("backprop-tui: ") for line in err.splitlines()]

    def __getitem__(self, row: str) -> str:
        return next(told for name, told in self.table.items() if name == row)


class Train:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *argv: str | Path) -> Trained:
        status = main(["train", *map(str, argv)])
        return Trained(status, *self.capsys.readouterr())


@pytest.fixture
def train(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Train:
    monkeypatch.chdir(tmp_path)
    return Train(capsys)


class TestStops:
    def test_after_a_thousand_iterations(self, train: Train) -> None:
        told = train()
        assert (told.status, told.faults) == (0, [])
        assert told["iterations"] == "1,000"
        assert told["stopped"] == "the iterations are done"
        assert told.out.splitlines()[-1].endswith("backprop-tui article, then g 1000")

    def test_after_an_epoch_where_that_is_longer(self, train: Train) -> None:
        rows = ";".join(["1"] * 1200)
        told = train("--layers", "1,1", "--activations", "sigmoid", "--x", rows, "--y", rows)
        assert (told["iterations"], told["epochs"]) == ("1,200", "1")

    @pytest.mark.parametrize("iterations", [1, 1024, 1025, 2500])
    def test_after_so_many(self, iterations: int, train: Train) -> None:
        assert train("--iterations", str(iterations))["iterations"] == f"{iterations:,}"

    def test_at_the_first_loss_below(self, train: Train) -> None:
        losses = Timeline(load("article")).history.losses(1, 2000)
        first = int(np.argmax(losses < 0.001)) + 1
        told = train("--until-loss", "0.001")
        assert told.status == 0
        assert told["iterations"] == f"{first}"
        assert told["stopped"] == f"the loss is below 0.001, first in iteration {first}"

    @pytest.mark.parametrize("order", ["sequential", "shuffled"])
    def test_after_the_first_epoch_with_a_mean_below(self, order: str, train: Train) -> None:
        """Three examples in batches of two: the second batch counts half as much."""
        lines = ["X = [[0, 0], [0, 1], [1, 1]]", "Y = [[0], [1], [0]]", f'order = "{order}"']
        text = re.sub(r"X = .*\nY = .*", "\n".join(lines[:2]), XOR)
        Path("xor.toml").write_text(text.replace('order = "shuffled"', f"{lines[2]}\nbatch = 2"))
        losses = Timeline(load("xor.toml")).history.losses(1, 4001).reshape(-1, 2)
        means = losses @ np.array([2, 1]) / 3
        epoch = int(np.argmax(means < 0.05)) + 1
        assert epoch > 1
        assert (losses[: epoch - 1] < 0.05).any()  # a batch alone was below before
        told = train("xor.toml", "--until-loss", "0.05")
        assert (told.status, told["iterations"]) == (0, f"{2 * epoch:,}")
        assert told["stopped"] == f"the mean loss is below 0.05, first in epoch {epoch:,}"
        first = int(np.argmax(losses.ravel() < 0.05)) + 1
        told = train("xor.toml", "--until-batch-loss", "0.05")
        assert (told.status, told["iterations"]) == (0, f"{first:,}")
        assert told["stopped"] == f"a loss is below 0.05, first in iteration {first:,}"

    def test_an_epoch_that_began_before_does_not_count(self, train: Train) -> None:
        Path("xor.toml").write_text(XOR)  # four batches to an epoch
        train("xor.toml", "--iterations", "5", "--save", "run.toml")
        assert train("run.toml", "--until-loss", "100")["iterations"] == "7, from 6 to 12"
        assert train("run.toml", "--until-batch-loss", "100")["iterations"] == "1, number 6"

    def test_an_epoch_longer_than_what_is_computed_at_once(self, train: Train) -> None:
        rows = ";".join(["1"] * 3001)
        argv = ("--layers", "1,1", "--activations", "sigmoid", "--x", rows, "--y", rows)
        assert train(*argv, "--until-loss", "100")["iterations"] == "3,001"

    def test_a_loss_that_is_not_reached_is_a_failure(self, train: Train) -> None:
        told = train("--until-loss", "0", "--iterations", "30")
        assert told.status == 1
        assert told["stopped"] == "the iterations are done; the loss was never below 0"

    def test_at_a_plateau(self, train: Train) -> None:
        told = train("article", "--learning-rate", "0", "--plateau", "7")
        assert (told.status, told["iterations"]) == (0, "8")
        assert told["stopped"] == "a plateau: no better loss in 7 iterations"
        assert told["best"].endswith("in iteration 1")

    def test_there_is_no_best_loss_where_none_is_finite(self, train: Train) -> None:
        told = train("article", *WILD, "--x", "1e300,0,0", "--y", "1", "--iterations", "3")
        assert "diverged" in told["stopped"]
        assert "best" not in told.table

    def test_a_plateau_across_stretches(self, train: Train) -> None:
        assert train("--learning-rate", "0", "--plateau", "3000")["iterations"] == "3,001"

    def test_where_it_diverges(self, train: Train) -> None:
        told = train(*WILD, "--save", "end.toml")
        assert told.status == 1
        assert re.fullmatch(
            r"it diverged: in iteration 2 (\S+) is the first value that is not finite, "
            r"and at its end W1 is not finite either",
            told["stopped"],
        )
        assert (again := train("end.toml")).status == 2
        assert again.faults[0].startswith("there is nothing to train: it diverged: in iteration 2")

    @pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
    def test_when_it_is_told_to(self, name: str, tmp_path: Path) -> None:
        history, saved = tmp_path / "h.csv", tmp_path / "run.toml"
        flags = ("--iterations", "9" * 15, "--history", str(history), "--save", str(saved))
        with Warm(["train", *flags]) as running:
            while not (history.exists() and history.read_bytes().count(b"\n") > 2000):
                assert running.poll() is None
            number = getattr(signal, name)
            running.send_signal(number)
            out, err = running.communicate()
            told = Trained(running.wait(), out, err)
        assert (told.status, told.faults) == (128 + number, [])
        last = int(told["iterations"].replace(",", ""))
        assert told["stopped"] == f"on request, after iteration {last:,}"
        assert history.read_text().count("\n") == 1 + last
        opened = load(str(saved)).saved
        assert opened is not None
        assert opened.iteration == last


class TestKeeps:
    def test_losses_where_a_link_leads(self, train: Train) -> None:
        Path("link").symlink_to("there")
        assert train("--iterations", "3", "--history", "link").status == 0
        assert Path("there").read_text().count("\n") == 1 + 3
        assert train("--iterations", "3", "--history", "link").faults == [
            "link exists already; --overwrite replaces it"
        ]

    def test_a_file_that_opens_right_there(self, train: Train) -> None:
        told = train("--iterations", "300", "--learning-rate", "0.3", "--save", "run.toml")
        assert told.out.splitlines()[-1].split(maxsplit=2)[2] == "backprop-tui run.toml"
        expected = Timeline(load("article", {"learning_rate": "0.3"})).iteration(300)
        timeline = Timeline(load("run.toml"))
        assert resume(timeline) == timeline.end_of(300)
        found = timeline.iteration(300)
        assert all(map(same_bits, found.results, expected.results))

    def test_a_run_that_can_go_on(self, train: Train) -> None:
        Path("xor.toml").write_text(XOR)
        train("xor.toml", "--iterations", "700", "--save", "half.toml")
        told = train("half.toml", "--iterations", "300", "--save", "whole.toml")
        assert told["iterations"] == "300, from 701 to 1,000"
        train("xor.toml", "--iterations", "1000", "--save", "once.toml")
        assert Path("whole.toml").read_text() == Path("once.toml").read_text()

    def test_changed_it_is_another_run_and_says_so(self, train: Train) -> None:
        train("--iterations", "5", "--save", "run.toml")
        told = train("run.toml", "--learning-rate", "0.1", "--iterations", "5")
        assert (told.status, told["iterations"]) == (0, "5")
        assert told.faults == [
            "changed, it is another run than the saved one: it begins at iteration 1"
        ]

    def test_an_iteration_begun_is_finished(self) -> None:
        timeline = Timeline(load("article"))
        assert first_ahead(timeline, timeline.start) == 1
        assert first_ahead(timeline, timeline.end_of(3)) == 4

    def test_the_losses_as_they_are(self, train: Train) -> None:
        train("--iterations", "3000", "--history", "h.csv")
        header, *lines = Path("h.csv").read_text().splitlines()
        assert header == "iteration,loss"
        numbers, losses = zip(*(line.split(",") for line in lines), strict=True)
        assert [int(n) for n in numbers] == list(range(1, 3001))
        run = Timeline(load("article"))
        assert [float(x) for x in losses] == [
            run.iteration(k).results[4].item() for k in map(int, numbers)
        ]

    def test_the_losses_up_to_where_it_stopped_only(self, train: Train) -> None:
        told = train("--until-loss", "0.01", "--history", "h.csv")
        assert Path("h.csv").read_text().count("\n") == 1 + int(told["iterations"])

    def test_how_all_of_the_data_does(self, train: Train) -> None:
        Path("xor.toml").write_text(XOR)
        told = train("xor.toml", "--iterations", "8000")
        assert told["epochs"] == "2,000"
        assert told["accuracy"].endswith("100.0 % after: 4 of 4")
        assert re.fullmatch(r"data +mean L \S+ before, 0\.00\d+ after, of 4 examples", told["all"])

    @pytest.mark.parametrize("batch", [1, 3])
    def test_all_of_the_data_is_what_an_epoch_at_rest_sees(self, batch: int, train: Train) -> None:
        Path("xor.toml").write_text(f"{XOR}batch = {batch}\n")
        train("xor.toml", "--iterations", "37", "--save", "run.toml")
        told = train("xor.toml", "--iterations", "37")
        parameters = Timeline(load("run.toml")).iteration(37).parameters
        at_rest = XOR.replace("[training]", "[training]\nlearning_rate = 0")
        rows = [f"{name} = {p.tolist()}\n" for name, p in parameters.items()]
        Path("rest.toml").write_text("".join([at_rest, "[initial]\n", *rows]))
        losses = Timeline(load("rest.toml")).history.losses(1, 5)
        assert f"{losses.mean():.6f} after" in told["all"]
        assert f"{losses.mean():.6f} before" in train("rest.toml")["all"]


class TestRefuses:
    def test_to_overwrite_before_it_trains(self, train: Train) -> None:
        Path("a.toml").write_text("old")
        for flag in ("--save", "--history"):
            told = train(flag, "a.toml", "--iterations", "9" * 15)
            assert (told.status, told.out) == (2, "")
            assert told.faults == ["a.toml exists already; --overwrite replaces it"]
        assert Path("a.toml").read_text() == "old"
        assert train("--save", "a.toml", "--overwrite").status == 0
        assert train("--overwrite", "--history", "a.toml", "article").status == 0

    def test_places_that_are_none(self, train: Train) -> None:
        for place in (".", "none/a.toml"):
            told = train("--save", place, "--iterations", "9" * 15)
            assert (told.status, told.out, len(told.faults)) == (2, "", 1)
        assert train("--save", "a", "--history", "./a").faults == [
            "--save and --history need different files"
        ]

    def test_losses_in_the_place_of_the_experiment(self, train: Train) -> None:
        Path("mine.toml").write_text(lessons.text("article"), "utf-8")
        told = train("mine.toml", "--history", "mine.toml", "--overwrite")
        assert told.faults == ["mine.toml is the experiment itself: name another file"]
        assert Path("mine.toml").read_text("utf-8") == lessons.text("article")

    def test_flags_that_are_none(self, train: Train) -> None:
        assert train("--until-loss", "nan", "--plateau", "0", "--save", "").faults == [
            '--until-loss must be a finite number; got "nan"',
            '--plateau must be a whole number of 1 or more; got "0"',
            '--save must be a file\'s name; got ""',
        ]

    def test_a_full_disk_and_saves_elsewhere(
        self, train: Train, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with no_file_beyond(50):
            told = train("--iterations", "3", "--history", "h.csv")
        assert (told.status, told["iterations"]) == (2, "3")
        assert told.faults == ["h.csv cannot be written: File too large"]
        full = [OSError(28, "No space left on device")]

        def fsync(_: int) -> None:
            if full:
                raise full.pop()

        monkeypatch.setattr(os, "fsync", fsync)
        told = train("--iterations", "3", "--save", "run.toml")
        assert (told.status, told["iterations"]) == (2, "3")
        (fault,) = told.faults
        found = re.fullmatch(
            r"run.toml cannot be written: No space left on device; it is saved as (.+) instead",
            fault,
        )
        assert found
        assert load(found[1]).saved is not None
        os.unlink(found[1])
        os.rmdir(os.path.dirname(found[1]))


class TestShows:
    def test_a_bar_on_a_terminal_alone(self) -> None:
        with Terminal(warm("train", "--iterations", "9" * 12), 80, 24) as terminal:
            terminal.until_says(" of 999,999,999,999", "/s  loss 0.0")
            terminal.process.send_signal(signal.SIGINT)
            assert terminal.until_ended() == 130
            assert "on request, after iteration" in terminal.text
            assert " of 999,999,999,999" not in terminal.text

    async def test_the_stepper_at_the_position_and_back_from_it(self, train: Train) -> None:
        train("--iterations", "3000", "--save", "run.toml")
        run = Timeline(load("article"))
        async with stepping("run.toml") as driver:
            screen = driver.session
            assert driver.position == run.end_of(3000)
            await driver.settle()
            assert same_bits(known_losses(screen), run.history.losses(1, 3001))
            for _ in range(len(run.program.steps)):
                await driver.press("backspace")
            assert driver.position == run.end_of(2999)
            state = screen.timeline.state(driver.position)
            assert same_bits(state.iteration.parameters["W1"], run.iteration(2999).parameters["W1"])
            await driver.press("home")
            assert driver.position == run.start
            assert way_back(screen) == "backprop-tui run.toml"


@pytest.mark.parametrize("name", NAMES)
def test_any_network_of_formulas_is_trained_and_goes_on_from_its_file(
    train: Train, name: str
) -> None:
    assert train(FOLDER / f"{name}.toml", "--iterations", "7", "--save", "saved.toml").status == 0
    saved, through = load("saved.toml"), Timeline(program_file(name))
    for symbol, value in Timeline(saved).iteration(8).given.items():
        assert same_bits(value, through.iteration(8).given[symbol])


def test_a_penalty_is_trained_with(train: Train) -> None:
    Path("xor.toml").write_text(XOR + "l2 = 0.1\n", "utf-8")
    assert train("xor.toml", "--iterations", "2").status == 0
