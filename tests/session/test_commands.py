"""The table of commands: one entry for each thing that can be done."""

from __future__ import annotations

from collections import Counter

from backprop_tui.session.commands import BY_ID, BY_KEY, BY_LETTER, COMMANDS, find, meant


def test_ids_keys_and_words_mean_one_command_each() -> None:
    assert len(BY_ID) == len(COMMANDS)
    keys = Counter(key for command in COMMANDS for key in command.keys)
    words = Counter(word for command in COMMANDS for word in command.words)
    assert max(keys.values()) == max(words.values()) == 1


def test_what_has_a_key_is_told_with_it() -> None:
    for command in COMMANDS:
        assert bool(command.keys) == bool(command.sign), command.id
        assert command.does
        assert command.keys or command.words or command.short, command.id


def test_a_letter_is_a_key_of_its_command() -> None:
    for letter, command in BY_LETTER.items():
        assert letter in command.keys or letter == "?"


def test_a_line_begins_with_the_longest_words_that_are_a_command() -> None:
    for line, id_, rest in (
        ("iteration back", "iteration_back", ""),
        ("iteration 3", "iteration", "3"),
        ("go to dW1", "goto", "dW1"),
        ("g dW1", "goto", "dW1"),
        ("WHY dW2[1,2]", "why", "dW2[1,2]"),
        ("I", "iteration_back", ""),
    ):
        assert find(line) == (BY_ID[id_], rest), line
    assert find("") is None
    assert find("nxt") is None
    assert meant("nxt") == "next"


def test_keys_that_a_presenter_s_remote_sends_step() -> None:
    assert BY_KEY["pagedown"].id == "next"
    assert BY_KEY["pageup"].id == "back"
