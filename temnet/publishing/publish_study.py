"""Publishing studies: their results, beside the pretrained networks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from temnet.errors import InputError
from temnet.publishing.figures import small_png
from temnet.study.network_section import PublishedStudy
from temnet.study.results import (
    SUMMARY_FILE,
    TABLE_FILE,
    StudyResults,
    read_study_results,
)
from temnet.study.runs import STUDY_FILE
from temnet.study.settings import load_study
from temnet.system.files import replace_file

FOLDER = "studies"
"""Folder of the studies in that of the pretrained networks."""

MADE = (STUDY_FILE, TABLE_FILE, SUMMARY_FILE, "test_*.png")
"""Files that publishing writes into a study's folder; others are left as they are."""

NOTES_FILE = "notes.md"
"""Remarks of people about a network or a study; shown and never changed."""


@dataclass(frozen=True)
class FinishedStudy:
    """A study whose networks were all trained and scored.

    Attributes:
        root: Its folder.
        results: Its results.
    """

    root: Path
    results: StudyResults

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.root.resolve().name


def is_study(root: Path) -> bool:
    """Whether a folder is that of a study."""
    return (root / STUDY_FILE).is_file()


def read_study(root: Path) -> FinishedStudy:
    """A finished study.

    Raises:
        InputError: If it is not finished, or a file is damaged.
    """
    study, results = load_study(root / STUDY_FILE), read_study_results(root)
    if results.summary.settings not in (study.identity(), study.earlier_identity()):
        raise InputError(
            f"{root}: the study was changed and is not finished; let it finish (python -m "
            "temnet.study)."
        )
    return FinishedStudy(root, results)


def write_study(study: FinishedStudy, place: Path, part: Path) -> None:
    """Writes a study's results into a folder, with the files that people added to ``place``."""
    if place.exists():
        shutil.copytree(place, part, ignore=shutil.ignore_patterns(*MADE))
    part.mkdir(parents=True, exist_ok=True)
    for name in (STUDY_FILE, TABLE_FILE, SUMMARY_FILE):
        shutil.copyfile(study.root / name, part / name)
    for test, figure in _figures(study.results):
        replace_file(part / figure, small_png(study.results.figure(test)))
    for test, figure in _fronts(study.results):
        replace_file(part / figure, small_png(study.results.front(test)))


def read_published(folder: Path) -> list[PublishedStudy]:
    """The studies in the folder of pretrained networks, by name.

    Raises:
        InputError: If one is damaged.
    """
    places = sorted(path.parent for path in (folder / FOLDER).glob(f"*/{SUMMARY_FILE}"))
    return [_published(place) for place in places if place.name[0] != "."]


def _published(place: Path) -> PublishedStudy:
    results = read_study_results(place)
    return PublishedStudy(
        name=place.name,
        results=results,
        figures={test: f"{place.name}/{figure}" for test, figure in _figures(results)},
        fronts={test: f"{place.name}/{figure}" for test, figure in _fronts(results)},
        notes=read_notes(place),
    )


def read_notes(folder: Path) -> str:
    """Remarks of people about a network or a study, Markdown; empty without any.

    Raises:
        InputError: If the file is not in UTF-8.
    """
    notes = folder / NOTES_FILE
    try:
        return notes.read_text(encoding="utf-8-sig") if notes.is_file() else ""
    except UnicodeDecodeError as error:
        raise InputError(f"{notes}: the text is not in UTF-8; save it in this encoding.") from error


def _figures(results: StudyResults) -> Iterator[tuple[str, str]]:
    """Each test with the file of its figure."""
    for number, test in enumerate(results.tests, 1):
        yield test, f"test_{number}.png"


def _fronts(results: StudyResults) -> Iterator[tuple[str, str]]:
    """Each test with the file of its scores against time, where there are enough networks."""
    if results.compares_times:
        for number, test in enumerate(results.tests, 1):
            yield test, f"test_{number}_front.png"
