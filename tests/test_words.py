"""The field's words: texts, messages and names use them, and none of our own."""

import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]

PRIVATE = (
    "taught", "teach(?:es|ing)?", "told", r"tells?(?!\()", "said", "says?", "look(?:s|ed)? at",
    "looked", "invent(?:s|ed|ing)?", "unlike the", "unlike those", "without skill",
    "places? only", "chose nothing", "presentations?", "weak places?", "laid over", "lay over",
    "(?<!there )(?:is|are) (?-i:none)", "nobody", "whoever",
)  # fmt: skip
"""Words that readers of the field stumble over; CONTRIBUTING names what to write instead."""

WORD = re.compile(rf"(?<![a-z])(?i:{'|'.join(PRIVATE)})(?![a-z])")

OLD_KEY = "# old key"
"""Marks the line that reads a key of an older version."""

READ = (".py", ".md", ".yaml", ".toml", ".json", ".sh")


def private_words(text):
    """Private words in a text, with the numbers of their lines."""
    lines = enumerate(re.sub(r"_", " ", text).split("\n"), 1)
    return [
        f"{number}: {found[0]}"
        for number, line in lines
        if OLD_KEY not in line
        for found in WORD.finditer(line)
    ]


def files():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    return [name for name in listed if name.endswith(READ) and name != "tests/test_words.py"]


@pytest.mark.parametrize("folder", sorted({name.split("/")[0] for name in files()}))
def test_only_words_of_the_field_are_used(folder):
    found = {
        name: words
        for name in files()
        if name.split("/")[0] == folder
        if (words := private_words((REPOSITORY / name).read_text(encoding="utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    "text",
    ["a network that was taught", "TaughtRun", "TAUGHT_IMAGES", "the file says", "it is\nsaid",
     "place_only", "Invented columns", "1.3 presentations", "this file is none"],
)  # fmt: skip
def test_private_words_are_found(text):
    assert len(private_words(text)) == 1


@pytest.mark.parametrize(
    "text",
    ["an essay", "foretold", "inventory", "a representation", "value is None", "file.tell()"],
)
def test_other_words_are_left_alone(text):
    assert private_words(text) == []
