"""One version, wherever it is written."""

import re
from pathlib import Path

import yaml
from packaging.version import Version

import temnet
from temnet.version import __version__

ROOT = Path(__file__).parents[1]


def test_the_package_its_set_up_and_its_citation_have_the_same_version():
    assert temnet.__version__ == __version__ == str(Version(__version__))
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["version"] == __version__
    # The expression by which setup.py reads it finds it, and nothing but it.
    (expression,) = re.findall(r"r'(\^__version__.+\$)'", (ROOT / "setup.py").read_text("utf-8"))
    text = (ROOT / "temnet" / "version.py").read_text("utf-8")
    assert re.findall(expression, text, re.M) == [__version__]
