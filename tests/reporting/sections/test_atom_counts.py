"""The figure and the section on scores by the atom count of the columns."""

import numpy as np
import pytest

from temnet.config.experiment import Experiment
from temnet.evaluation.scores_by_atom_count import AtomCountRow
from temnet.evaluation.summary import Summary
from temnet.reporting.page import render
from temnet.reporting.run_results import RunResults
from temnet.reporting.sections.atom_counts import atom_count_figure, atom_count_section
from temnet.tables.csv_rows import write_rows
from temnet.tables.json_records import write_record
from tests.evaluation.made_summary import network_summary


def made_rows(networks=("net",), surroundings=("all", "vacuum"), images=(9, 4)):
    """F1 rises with atom count and dose, and is lower by a tenth for each further network."""
    return [
        AtomCountRow(
            network, parameter, value, value, value, name, count, f1, f1 - 0.05,
            rms_error_pm=9.0, surroundings=where, atoms=atoms,
        )
        for number, network in enumerate(networks)
        for parameter, values in (("dose", (1000.0, 10.0)), ("defocus", (-50.0, 0.0)))
        for value in values
        for where, count in zip(surroundings, images, strict=False)
        for atoms in (1, 5)
        for name, f1 in (
            ("all", 0.5 + 0.04 * atoms + (value > 0) * value * 1e-4 - 0.1 * number),
            ("metal", 0.0),
            ("any", 1.0),
        )
    ]  # fmt: skip


def test_a_line_for_each_atom_count_and_panels_for_surroundings_and_networks():
    figure = atom_count_figure(made_rows(("one", "two")))
    figure.canvas.draw()
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["all columns", "of 5 atoms or more"]
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    panels = [
        f"{name}, {where}" for name in ("one", "two") for where in ("all specimens", "in vacuum")
    ]
    assert titles == 2 * panels  # dose, then defocus
    first, _, second = (axes.containers for axes in figure.axes[:3])
    assert len(first) == 2
    # By rising dose, of all classes together.
    np.testing.assert_allclose(first[0].lines[0].get_xdata(), [10, 1000])
    np.testing.assert_allclose(first[0].lines[0].get_ydata(), [0.541, 0.64])
    np.testing.assert_allclose(first[1].lines[0].get_ydata(), [0.701, 0.8])
    np.testing.assert_allclose(second[0].lines[0].get_ydata(), [0.441, 0.54])
    assert [axes.get_xscale() for axes in figure.axes] == 4 * ["log"] + 4 * ["linear"]
    assert figure.axes[0].get_xlabel() == "dose (e/Å²)"


@pytest.fixture
def source(tmp_path):
    (tmp_path / "evaluate").mkdir()
    summary = Summary("validation", {"net": network_summary(threshold=0.35)}, [])
    write_record(tmp_path / "evaluate" / "summary.json", summary)
    return RunResults(tmp_path, tmp_path, Experiment(stages=("report",)))


def page(source, rows):
    write_rows(source.root / "evaluate" / "atom_counts.csv", rows, AtomCountRow)
    return render("run", [], [atom_count_section(source)])


def test_the_section_names_the_specimens_and_the_threshold(source):
    text = page(source, made_rows())
    for part in ("All specimens: 9 specimens", "In vacuum: the 4 specimens with columns", "0.35"):
        assert part in text
    assert (source.root / "atom_counts.svg").is_file()


def test_without_vacuum_there_is_one_column_of_panels(source):
    rows = made_rows(surroundings=("all",))
    assert len(atom_count_figure(rows).axes) == 2
    assert "No specimen with columns is in vacuum" in page(source, rows)


def test_without_the_table_there_is_no_section(source):
    assert atom_count_section(source) is None
