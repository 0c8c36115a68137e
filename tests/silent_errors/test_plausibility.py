"""Rows 5 to 7: amorphous films and dirt, impossible structures, fringes.

Run by ``python -m pytest -n0 -s -m long tests/silent_errors/test_plausibility.py``.
"""

from functools import cache

import numpy as np
import pytest

import temnet
from temnet.evaluation.matching import match
from temnet.inference.checks.column_flags import ColumnFlagger
from temnet.inference.checks.plausibility import FEWEST_COLUMNS, UNSUPPORTED, Plausibility
from temnet.inference.column_finder import ColumnFinder, FoundFrame, Search
from temnet.models.checkpoint import load_network
from temnet.models.network_folders import network_names
from temnet.records import IGNORED, ColumnFlag
from temnet.simulation.example import simulate_block
from tests.silent_errors import doubtful_images as made

pytestmark = pytest.mark.long

NETWORKS = [name for name in network_names() if not name.startswith("columns")]
FIRST = {name.rpartition("-")[0]: name for name in reversed(NETWORKS)}
"""The first network of each specimen, whose validation images the others share."""

AREA = made.SIDE**2 / 1e4
"""Area of the made images [100 nm²]."""

FEW = 10
"""Columns per 100 nm² that may be false (the aim of rows 4 and 5)."""

OWN = 40
"""Validation images of each network."""

FRINGES: dict[str, tuple[int, int]] = {}
"""Of each network the images of fringes that are flagged, and all in which it finds columns."""

FILMS: dict[str, tuple[int, int]] = {}
"""Of each network the films with many false columns without a word, and all with many."""


@cache
def network(name):
    return load_network(name)


def pixel(name):
    return float(np.mean(network(name).card.camera_sampling))


def analysed(name, images):
    """The command's result of one image or focal series."""
    axes = {"axes": "focus"} if images.shape[-1] > 1 else {}
    array = np.moveaxis(images, -1, 0) if axes else images[..., 0]
    return temnet.analyse(array, name, sampling=pixel(name), engine="keras", align=False, **axes)


def kinds(found):
    return {one.kind for one in found.series.findings if one.severity != "note"}


@pytest.mark.parametrize("name", NETWORKS)
def test_films_and_vacuum_have_few_columns_or_are_out_of_distribution(name):
    rng, card = np.random.default_rng(1), network(name).card
    silent, many, most = 0, 0, 0.0
    for dose in (1000.0, 10000.0):
        for defocus in (-300.0, -100.0, 50.0, 150.0, 400.0, 800.0, None):
            steps = card.focus_steps or (0.0,)
            if defocus is None:
                images = np.ones((*made.grid(pixel(name)).shape[1:], len(steps)))
            else:
                defoci = [defocus + step for step in steps]
                phase = rng.choice([0.08, 0.15, 0.3])
                images = made.film(pixel(name), defoci, card.energies[0], rng, phase)
            found = analysed(name, made.counted(images, pixel(name), dose, rng))
            density = len(found.peaks) / AREA
            most = max(most, density)
            many += density > FEW
            silent += density > FEW and not kinds(found)
    print(
        f"\n{name}: up to {most:.0f} false columns per 100 nm², more than {FEW} in {many} of 14 "
        f"films; {silent} of these without a warning"
    )
    FILMS[name] = silent, many
    assert silent <= 2


def test_few_films_have_many_columns_without_a_word():
    silent, many = np.sum(list(FILMS.values()), axis=0)
    print(f"\nfilms: {silent} of {many} with more than {FEW} false columns per 100 nm²")
    assert len(FILMS) == len(NETWORKS) and silent <= 0.2 * many


@pytest.mark.parametrize("name", NETWORKS)
def test_fringes_are_flagged(name):
    rng, foci = np.random.default_rng(2), network(name).card.focus_count
    several, flagged, columns, in_flags = 0, 0, 0, 0
    for spacing in (2.0, 2.2, 2.4, 2.8, 3.1, 3.5):
        for patches in (False, True):
            images = made.fringes(pixel(name), spacing, foci, rng, patches=patches)
            found = analysed(name, made.counted(images, pixel(name), 3000.0, rng))
            if len(found.peaks) < FEWEST_COLUMNS:
                continue
            several += 1
            columns += len(found.peaks)
            in_flags += np.count_nonzero(found.peaks.flags & int(UNSUPPORTED))
            flagged += bool(kinds(found))
    share = in_flags / max(columns, 1)
    print(f"\n{name}: {flagged} of {several} images of fringes; {share:.0%} of {columns} columns")
    FRINGES[name] = flagged, several
    assert flagged >= several - 2


def test_fringes_of_most_images_are_flagged():
    flagged, several = np.sum(list(FRINGES.values()), axis=0)
    print(f"\nfringes: {flagged} of {several} images of all networks")
    assert len(FRINGES) == len(NETWORKS) and flagged >= 0.9 * several


def test_graphene_with_a_reflection_that_reverses_is_flagged():
    rng, name, flagged, count = np.random.default_rng(3), "graphene-unet", 0, 12
    for _ in range(count):
        settings = {"contrast": rng.uniform(0.15, 0.5), "second": rng.uniform(0, 1)}
        images = made.reversed_graphene(pixel(name), rng, **settings)
        found = analysed(name, made.counted(images, pixel(name), 5000.0, rng))
        flagged += "structure" in kinds(found)
        whole = analysed(
            name,
            made.counted(made.graphene(pixel(name), rng, **settings), pixel(name), 5000.0, rng),
        )
        assert not kinds(whole) & {"structure", "lattice", "fringes"}
        assert np.mean(whole.peaks.flags != 0) < 0.01
    print(f"\ngraphene with a reversed reflection: {flagged} of {count}")
    assert flagged >= 0.9 * count


def test_dirt_beside_graphene_is_flagged_in_part():
    """A film that fills a hole of 15 Å: the columns in its middle, and those far from it."""
    rng, name = np.random.default_rng(4), "graphene-unet"
    row, col = made.grid(pixel(name))
    away = np.hypot(row - made.SIDE / 2, col - made.SIDE / 2)
    cover = 1 / (1 + np.exp(np.clip(away - 18, -50, 50)))[..., None]
    inside, outside = [], []
    for defocus in (-300.0, -100.0, 50.0, 150.0, 400.0):
        dirt = made.film(pixel(name), [defocus], 80e3, rng, 0.2)
        mean = made.graphene(pixel(name), rng) * (1 - cover) + dirt * cover
        found = analysed(name, made.counted(mean, pixel(name), 5000.0, rng)).peaks
        radius = np.linalg.norm(found.positions - made.SIDE / 2, axis=1)
        inside.append(found.flags[radius < 14] != 0)
        outside.append(found.flags[radius > 24] != 0)
    inside, outside = np.concatenate(inside), np.concatenate(outside)
    print(f"\nin dirt {inside.mean():.0%} of {len(inside)} columns, beside it {outside.mean():.1%}")
    # The aim is not reached: graphene around the dirt, and rings that the network completes in
    # it, lend support.
    assert inside.mean() > 0.2 and outside.mean() < 0.02


@cache
def examples(name):
    """Examples of a specimen; networks of one specimen share them."""
    simulation = network(name).experiment.simulation
    reuse = simulation.exit_wave_reuse
    return [simulate_block(simulation, i * reuse, i * reuse + 1, "validation")[0]
            for i in range(OWN)]  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_true_columns_and_own_images_are_not_flagged(name):
    net = network(name)
    finder, flagger = ColumnFinder(net, Search(engine="keras")), ColumnFlagger.of(net)
    alarms, images = 0, 0
    true, flagged, unsupported = 0, 0, 0
    counts = {"with": np.zeros(2), "without": np.zeros(2)}
    columns = 0
    for example in examples(FIRST[name.rpartition("-")[0]]):
        peaks, _ = finder.find(example.images, example.sampling)
        frame = flagger.flagged(FoundFrame(0, example.images, peaks), example.sampling)
        flags, sure = frame.peaks.flags, example.columns.class_index != IGNORED
        truth = example.columns.positions[sure]
        right, _ = match(peaks.positions, truth, 0.5)
        true += len(right)
        flagged += np.count_nonzero(flags[right])
        unsupported += np.count_nonzero(flags[right] & int(UNSUPPORTED))
        columns += len(truth)
        kept = flags & int(UNSUPPORTED) == 0
        counts["with"] += len(right), len(peaks)
        counts["without"] += np.count_nonzero(kept[right]), np.count_nonzero(kept)
        if len(truth):  # in films and vacuum a finding is right
            check = Plausibility(net, example.sampling)
            check.add(frame)
            images += 1
            alarms += any(one.severity != "note" for one in check.findings())
    f1 = {name: 2 * right / (found + columns) for name, (right, found) in counts.items()}
    print(
        f"\n{name}: {alarms} of {images} own images with a finding; of {true} true columns "
        f"{flagged / true:.2%} with flags, {unsupported / true:.2%} without support; "
        f"F1 {f1['with']:.4f}, without unsupported columns {f1['without']:.4f}"
    )
    assert alarms <= max(2, 0.02 * images)
    assert flagged < 0.05 * true and unsupported < 0.01 * true
    assert f1["without"] > f1["with"] - 0.002


@pytest.mark.parametrize(
    ("file", "name", "settings"),
    [
        ("graphene_flower_raw.tif", "graphene-unet", {"sampling": 0.2177}),
        ("pt_ceo2_raw.tif", "nanoparticle-unet", {"sampling": 0.202, "axes": "frames"}),
    ],
)
def test_the_real_images_of_the_project_have_no_finding(file, name, settings):
    found = temnet.analyse(f"experiments/images/{file}", name, engine="keras", **settings)
    assert not kinds(found) & {"structure", "lattice", "fringes"}
    lost = np.count_nonzero(found.peaks.flags & ~int(ColumnFlag.TOO_CLOSE))
    close = np.count_nonzero(found.peaks.flags)
    print(f"\n{file}: {close} of {len(found.peaks)} columns flagged")
    assert lost <= 0.001 * len(found.peaks) and close < 0.01 * len(found.peaks)
