"""Images of crystals that no shipped network was trained on, by the microscope of a network."""

from dataclasses import replace

from ase import Atoms
from ase.build import bulk
from ase.io import write
from own_images import own_image

from temnet.config.structures.from_file import FromFile
from temnet.config.structures.vibrations import EinsteinVibrations

TITANATE = [(0, 0, 0), (0.5, 0.5, 0.5), (0.5, 0.5, 0), (0.5, 0, 0.5), (0, 0.5, 0.5)]

CRYSTALS = {
    "SrTiO3 [001]": (
        Atoms("SrTiO3", scaled_positions=TITANATE, cell=[3.905] * 3, pbc=True),
        (0, 0, 1),
    ),
    "MgO [001]": (bulk("MgO", "rocksalt", a=4.212, cubic=True), (0, 0, 1)),
    "Cu [110]": (bulk("Cu", "fcc", a=3.615, cubic=True), (1, -1, 0)),
    "Ti [0001]": (bulk("Ti", "hcp", a=2.951, c=4.684), (0, 0, 1)),
    "GaN [0001]": (bulk("GaN", "wurtzite", a=3.189, c=5.185), (0, 0, 1)),
    "BaTiO3 [110]": (
        Atoms("BaTiO3", scaled_positions=TITANATE, cell=[4.0] * 3, pbc=True),
        (1, -1, 0),
    ),
    "Fe [001]": (bulk("Fe", "bcc", a=2.866, cubic=True), (0, 0, 1)),
    "Si [110]": (bulk("Si", "diamond", a=5.431, cubic=True), (1, -1, 0)),
}
"""Cell and zone axis.  Fe [001] has the planes of Au [100] to 0.6 %, Si [110] those of CeO2 [110]
to 0.4 %."""


def other_crystal(settings, name, index, folder):
    """Image ``index`` of a crystal, 20 to 60 Å thick, at 500 to 10,000 e/Å²."""
    atoms, zone = CRYSTALS[name]
    file = folder / f"{name.split()[0]}.xyz"
    write(file, atoms, format="extxyz")
    structure = FromFile(
        path=str(file),
        zone_axis=zone,
        thickness={"uniform": (20, 60)},
        negatives={"probability": 0},
    )
    dose = type(settings.camera).model_validate(
        {**settings.camera.model_dump(), "dose": {"log_uniform": (500, 10000)}}
    )
    changed = replace(
        settings,
        structure=structure,
        vibrations=EinsteinVibrations(sigma={"default": 0.07}),
        camera=dose,
        shape=(240, 240),
        exit_wave_reuse=1,
    )
    return own_image(changed, index)
