"""What README and the guide promise is tested: each section has its files of tests in one table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.guide.test_guide import PAGES

TESTS = Path(__file__).parents[1]
PROMISED = {
    "README": "test_installation guide/test_guide tui/test_keys model/test_derived_steps",
    "README: Install, run, test": "test_installation test_house",
    "README: The first minute": "tui/test_keys tui/test_snapshots session/test_session",
    "README: Who are you?": "guide/test_guide",
    "README: Lessons": "lessons/test_lessons lessons/test_walks",
    "README: The guide": "guide/test_guide",
    "README: How it is built": "test_house model/test_backward guide/test_guide",
    "answers": "learn/test_questions learn/test_answers session/test_session",
    "answers: A vote": "learn/test_votes tui/test_ask",
    "answers: A typed answer": "learn/test_answers learn/test_diagnosis tui/test_answer_key",
    "answers: Write the formula yourself": "learn/test_formulas tui/test_writing",
    "answers: Mistakes on purpose": "learn/test_mistakes tui/test_mistakes_on_screen",
    "browser": "test_serve_command serve/test_sessions serve/test_in_the_browser",
    "browser: A class": "serve/test_lost_and_found serve/test_sessions serve/test_server",
    "browser: Names and proxies": "serve/test_hosts",
    "changes": "test_installation",
    "changes: 0.1.0": "frozen/test_frozen_runs",
    "changes: 0.2.0": "frozen/test_frozen_runs",
    "commands": "test_command_line guide/test_guide",
    "commands: Checking gradients": "test_check_command explain/test_gradient_check",
    "commands: Comparing your own arrays": "test_compare_command learn/test_comparing",
    "commands: Deriving gradients": "test_derive_command explain/test_derivation",
    "commands: Settings": "files/test_settings",
    "commands: Stepping": "test_command_line",
    "commands: Training at full speed": "test_train_command run/test_many",
    "commands: Writing runs": "test_export_command exports/test_same_numbers",
    "experiment": "files/test_experiment_file files/test_changed_files",
    "experiment: By a file": "files/test_experiment_file files/test_sections",
    "experiment: By flags": "files/test_experiment_file test_command_line",
    "experiment: Data in a CSV file": "files/test_csv_data",
    "experiment: Every key": "files/test_sections guide/test_guide files/test_view_in_files",
    "experiment: L2 penalty and weight decay": "model/test_network model/test_backward",
    "experiment: A printed source": "files/test_published_in_files explain/test_published_figures",
    "experiment: Rows as examples": "files/test_rows_in_files run/test_orientation model/test_rows",
    "experiment: The gradient of the input": "model/test_program model/test_backward",
    "experiment: Two forms of momentum": "model/test_network",
    "experiment: Values that are given": "files/test_given_in_files run/test_given",
    "experiment: Your own formulas": "files/test_formulas_in_files learn/test_formulas",
    "exports": "test_export_command exports/documents/test_documents exports/scripts/test_numpy",
    "exports: A page that steps": "exports/documents/test_stepping",
    "exports: Worksheets": "exports/worksheet/test_page exports/worksheet/test_sheet",
    "internals": "test_house maths/test_expressions model/test_derived_steps",
    "internals: To work on it": "guide/test_guide",
    "keys": "tui/test_keys session/test_commands",
    "keys: All keys": "tui/test_actions guide/test_guide",
    "keys: Save it, and come back": "files/test_saving files/test_autosave tui/test_keep",
    "keys: The blackboard": "session/test_blackboard tui/test_blackboard",
    "keys: The screen": "tui/test_snapshots tui/paint/test_arrangement",
    "keys: What if?": "run/test_edits tui/test_what_if session/test_one_weight",
    "keys: Where a number comes from": "explain/test_provenance explain/test_reasons "
    "tui/test_inspection",
    "networks": "model/test_formulas files/test_written_in_files tui/test_programs_on_screen",
    "networks: A GRU": "session/test_every_program",
    "networks: A loss of your own, and J": "model/test_formulas explain/test_gradient_check",
    "networks: A skip connection, a dropout mask, a function of your own": "model/test_formulas "
    "session/test_every_program",
    "networks: Attention": "session/test_every_program model/test_formulas",
    "networks: Batch norm": "session/test_every_program",
    "networks: Groups": "model/test_rows model/test_formulas",
    "networks: Names": "files/test_written_in_files",
    "networks: Shared weights: an RNN": "session/test_every_program model/test_formulas",
    "networks: What a line may read": "maths/test_parser maths/test_spellings",
    "networks: What is computed for you": "model/test_backward explain/test_gradient_check",
    "networks: What is refused": "files/test_written_in_files model/test_formulas",
    "python": "test_notebook",
    "python: Debug your own backpropagation": "learn/test_comparing guide/test_guide",
    "teaching": "guide/test_teaching",
    "teaching: A plan for 15 minutes: one neuron": "guide/test_teaching",
    "teaching: A plan for 45 minutes: the whole loop": "guide/test_teaching",
    "teaching: A plan for 90 minutes: to the point of doing it alone": "guide/test_teaching",
    "teaching: The lessons": "guide/test_guide lessons/test_lessons",
    "terminals": "test_terminal tui/test_terminals test_ascii",
    "terminals: In words": "plain/test_session plain/test_loop plain/test_laws",
    "terminals: Presenting": "tui/test_presenting",
    "terminals: Size and colours": "tui/test_any_size tui/test_small_screens tui/paint/test_themes",
    "trace": "exports/test_trace",
    "trace: For programs": "exports/test_trace test_command_line",
}
"""The files that test what a page, or a section of it, says."""


def sections() -> set[str]:
    """The pages, each with its sections."""
    found = {page: re.findall(r"^## (.+)$", text, re.MULTILINE) for page, text in PAGES.items()}
    return {*found, *(f"{page}: {title}" for page, titles in found.items() for title in titles)}


def test_every_section_has_its_tests_and_no_other_has() -> None:
    assert sections() == PROMISED.keys()


@pytest.mark.parametrize("file", sorted({name for s in PROMISED.values() for name in s.split()}))
def test_what_is_named_holds_tests(file: str) -> None:
    assert "def test_" in (TESTS / f"{file}.py").read_text("utf-8")
