"""The stage `strain` on made columns: its tables, its files and its section of the page."""

import json
from dataclasses import replace
from html import unescape
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase.build import bulk

from temnet import predict
from temnet.analysis import prediction_experiment
from temnet.config.experiment import Experiment
from temnet.errors import InputError
from temnet.records import Peaks
from temnet.reporting.files.column_table import ColumnTableWriter
from temnet.reporting.files.kept_frames import FrameIndex, MeanImage, open_frames, write_mean
from temnet.reporting.files.series_file import SeriesRecord, write_series
from temnet.reporting.report import write_report
from temnet.reporting.run_results import RunResults
from temnet.stages.strain import STAGE, check, known_error, run, settings
from temnet.strain.tables import LatticeRow, ProfileRow, StrainRow
from temnet.tables.csv_rows import read_rows
from temnet.workflow.stage import Work, silent
from tests.strain.crystals import A, crystal, peaks_at

REPOSITORY = Path(__file__).parents[2]
SIZE, SAMPLING = 250, 0.2
NETWORK = str(REPOSITORY / "pretrained" / "nanoparticle-unet")


def experiment(stages=("predict", "strain", "report"), outputs=("hdf5", "xyz"), **strain):
    return Experiment(
        images={"files": ("m.tif",)},
        prediction={"network": NETWORK, "outputs": outputs},
        strain=strain,
        stages=stages,
    )


def particle():
    """Gold along [110] in the middle of the image, 1 % larger than it should be."""
    return crystal("fcc [110]", 16.0, 12) * 1.01 + [25.0, -25.0]


def found(root, frames=1, files=("m.tif",)):
    """The folder of the stage `predict` with the same particle in all frames."""
    rng = np.random.default_rng(0)
    parts = [
        peaks_at(particle() + rng.normal(0, 0.05, particle().shape), frame)
        for frame in range(frames)
    ]
    peaks = Peaks.concatenate(parts)
    folder = root / "predict"
    with ColumnTableWriter(folder / "columns.csv", ["metal"]) as table:
        for file in files:
            table.write(peaks, SAMPLING, file)
    index = FrameIndex(
        tuple(file for file in files for _ in range(frames)),
        np.tile(np.arange(frames), len(files)),
        np.full(frames * len(files), SAMPLING),
    )
    with open_frames(folder / "images.npz", index, (SIZE, SIZE)) as writer:
        for _ in range(len(index)):
            writer.add(rng.normal(size=(SIZE, SIZE)))
    one = SeriesRecord(
        file="", frames=frames, rows=SIZE, cols=SIZE, sampling=SAMPLING, network="n",
        classes=("metal",), elements=("Au",),
    )  # fmt: skip
    write_series(folder, [replace(one, file=file) for file in files])
    return peaks, index


def followed(root, frames):
    """The folder of the stage `occupancy` besides."""
    peaks, index = found(root, frames)
    site = np.tile(np.arange(len(particle())), frames)
    with ColumnTableWriter(root / "occupancy" / "columns.csv", ["metal"]) as table:
        table.write(peaks, SAMPLING, "m.tif", site)
    image = np.random.default_rng(1).normal(size=(SIZE, SIZE)).astype(np.float32)
    write_mean(root / "occupancy" / "images.npz", MeanImage(image, index))


def measured(root, given):
    (root / "strain").mkdir()
    run(Work(given, root, root / "strain", check(given), silent))
    rows = read_rows(root / "strain" / "strain.csv", StrainRow)
    return [row for row in rows if row.state == "fitted"], rows


def page(root, given):
    (root / "report").mkdir()
    write_report(RunResults(root, root / "report", given))
    return unescape((root / "index.html").read_text(encoding="utf-8"))


def test_each_frame_has_its_strain_in_tables_files_and_on_the_page(tmp_path):
    found(tmp_path, frames=2)
    given = experiment(reference="spacing", spacing=A / np.sqrt(3))
    fitted, rows = measured(tmp_path, given)
    assert len(rows) == 2 * len(particle())
    assert {row.frame for row in fitted} == {0, 1}
    assert np.mean([row.dilatation for row in fitted]) == pytest.approx(1.01**2 - 1, abs=2e-3)
    lattices = read_rows(tmp_path / "strain" / "lattices.csv", LatticeRow)
    assert [row.frame for row in lattices] == [0, 1]
    assert read_rows(tmp_path / "strain" / "profile.csv", ProfileRow)
    atoms = ase.io.read(tmp_path / "strain" / "columns.xyz", index=":")
    assert len(atoms) == 2 and "e_xx_error" in atoms[0].arrays
    assert (tmp_path / "strain" / "columns.h5").is_file()
    text = page(tmp_path, given)
    assert f"{len(fitted):,} of {len(rows):,} columns have a strain" in text
    assert "x runs to the right and y up" in text
    assert "An error of the pixel size is a uniform strain" in text
    assert "The error of the pixel size of m.tif is not known." in text
    assert len(list((tmp_path / "report").glob("strain_map_*.png"))) == 2


def test_sites_are_averaged_over_the_frames_of_a_movie(tmp_path, undrawn):
    followed(tmp_path, frames=25)
    stages = ("predict", "occupancy", "strain", "report")
    given = experiment(stages)
    averaged, rows = measured(tmp_path, given)
    assert len(rows) == len(particle())
    assert {(row.frame, row.frames) for row in rows} == {(None, 25)}
    assert sorted(row.site for row in rows) == list(range(len(particle())))
    (tmp_path / "single").mkdir()
    found(tmp_path / "single")
    single, _ = measured(tmp_path / "single", experiment())
    for name in ("e_xx", "rotation_deg"):
        key = "rotation_error_deg" if name == "rotation_deg" else f"{name}_error"
        errors = [np.median([getattr(row, key) for row in each]) for each in (averaged, single)]
        assert errors[0] < errors[1] / 3.5
    assert np.std([row.e_xx for row in averaged]) < np.std([row.e_xx for row in single]) / 3.5
    assert "sites averaged over frames" in page(tmp_path, given)
    assert STAGE.requires_also(given) == ("occupancy",)
    assert STAGE.requires_also(experiment(stages, average=False)) == ()


def test_several_images_have_files_of_their_own(tmp_path):
    found(tmp_path, files=("a.tif", "b.tif"))
    fitted, _ = measured(tmp_path, experiment())
    assert {row.file for row in fitted} == {"a.tif", "b.tif"}
    names = sorted(path.name for path in (tmp_path / "strain").glob("*.xyz"))
    assert names == ["columns_0_a.xyz", "columns_1_b.xyz"]


def test_a_region_is_in_pixels_of_the_file(tmp_path):
    found(tmp_path)
    fitted, _ = measured(tmp_path, experiment(reference="region", region=(0, 250, 0, 90)))
    lattices = read_rows(tmp_path / "strain" / "lattices.csv", LatticeRow)
    inside = [row for row in fitted if row.col_pixel <= 89.5]
    assert lattices[0].reference_columns == len(inside)


def test_a_structure_file_is_the_reference(tmp_path):
    path = tmp_path / "gold.cif"
    ase.io.write(path, bulk("Au", "fcc", a=A, cubic=True))
    found(tmp_path)
    given = experiment(reference="structure", structure=str(path), zone_axis=(1, 1, 0))
    fitted, _ = measured(tmp_path, given)
    assert np.mean([row.dilatation for row in fitted]) == pytest.approx(1.01**2 - 1, abs=2e-3)


def test_no_lattice_is_no_failure(tmp_path, undrawn, caplog):
    found(tmp_path)
    points = np.random.default_rng(0).uniform(5, 45, (200, 2)) * [1, -1]
    with ColumnTableWriter(tmp_path / "predict" / "columns.csv", ["metal"]) as table:
        table.write(peaks_at(points), SAMPLING, "m.tif")
    fitted, rows = measured(tmp_path, experiment())
    assert fitted == [] and len(rows) == 200
    assert "no column has neighbours on a lattice" in caplog.text
    assert "No lattice was found." in page(tmp_path, experiment())


def test_no_column_at_all_is_a_page_too(tmp_path):
    found(tmp_path)
    with ColumnTableWriter(tmp_path / "predict" / "columns.csv", ["metal"]):
        pass
    assert measured(tmp_path, experiment()) == ([], [])
    assert "0 of 0 columns have a strain." in page(tmp_path, experiment())


def test_a_spacing_of_no_planes_is_one_sentence(tmp_path):
    found(tmp_path)
    with pytest.raises(InputError, match="no planes of the lattice are that far apart"):
        measured(tmp_path, experiment(reference="spacing", spacing=3.0))


def test_the_error_of_the_card_is_per_axis():
    card = json.loads((Path(NETWORK) / "card.json").read_text(encoding="utf-8"))
    radial = card["validation"]["classes"]["any"]["rms_error_pm"]
    assert known_error(experiment()) == pytest.approx(radial / 100 / np.sqrt(2))


def test_the_scale_of_maps_is_no_reason_to_measure_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.tif").write_bytes(b"image")
    first, other = settings(experiment()), settings(experiment(scale=3.0))
    assert first == other
    assert first != settings(experiment(neighbours=8))


def test_a_reference_needs_its_setting():
    with pytest.raises(InputError, match="reference is spacing; add spacing"):
        prediction_experiment({"network": "n"}, "here", {"reference": "spacing"})


@pytest.mark.parametrize(
    ("words", "stages", "neighbours"),
    [
        ([], ("predict", "report"), 18),
        (["--strain"], ("predict", "strain", "report"), 18),
        (["--strain-neighbours", "8"], ("predict", "strain", "report"), 8),
    ],
)
def test_options_of_the_command(monkeypatch, words, stages, neighbours):
    given = []
    monkeypatch.setattr(predict, "load_stages", lambda names: None)
    monkeypatch.setattr(
        predict, "plan_job", lambda experiment, *rest: given.append(experiment) or object()
    )
    monkeypatch.setattr(predict, "execute", lambda plan: 0)
    image = REPOSITORY / "experiments" / "images" / "pt_ceo2_raw.tif"
    assert predict.main([str(image), "--network", NETWORK, *words]) == 0
    assert given[0].stages == stages
    assert given[0].strain.neighbours == neighbours


def test_options_with_several_numbers():
    words = ["--strain-zone-axis", "1", "-1", "0", "--strain-region", "0", "9", "2", "8"]
    options = predict._parser().parse_args(["a.tif", "--network", "n", *words])
    assert (options.strain_zone_axis, options.strain_region) == ([1, -1, 0], [0, 9, 2, 8])
    for region in ([5, 5, 0, 9], [0, 9, 8, 2]):
        with pytest.raises(InputError, match="first row, row after the last"):
            prediction_experiment({"network": "n"}, "here", {"region": region})
