"""Settings of the documentation site; ``make -C docs html`` builds it."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
REPOSITORY = HERE.parent
sys.path[:0] = [str(HERE), str(REPOSITORY)]

from reference_pages import commands, crystals, networks, settings, tables  # noqa: E402

import temnet  # noqa: E402

project = "temnet"
author = "temnet developers"
copyright = "temnet developers, MIT licence"  # noqa: A001
release = version = temnet.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_design"]
exclude_patterns = ["_build", "README.md", "requirements.txt", "reference_pages", "jupyter_execute"]
nitpicky = True
default_role = "literal"

html_theme = "pydata_sphinx_theme"
html_title = "temnet"
html_static_path = ["_static"]
html_css_files = ["temnet.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}

myst_enable_extensions = ["colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 3

nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
nb_output_stderr = "remove"  # progress bars and messages of TensorFlow

napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 60

nitpick_ignore_regex = [
    # Signatures name types of other libraries (the site is built offline) and internal ones.
    (r"py:(class|exc|data|obj)", r".*"),
]

GENERATED = HERE / "reference" / "generated"
"""Pages that are written from the code; git ignores them."""


def write_generated(app: object) -> None:
    """Writes the pages of commands, settings, crystals, tables and networks, those that changed."""
    pages = {
        "commands.md": commands.page(),
        "settings.md": settings.page(),
        "crystals.md": crystals.page(),
        "tables.md": tables.page(),
    }
    found = networks.pages(REPOSITORY / "pretrained", "../../../../pretrained")
    pages |= {f"networks/{name}": text for name, text in found.items()}
    for old in GENERATED.rglob("*.md"):
        if old.relative_to(GENERATED).as_posix() not in pages:
            old.unlink()
    for name, text in pages.items():
        path = GENERATED / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: object) -> None:
    """Connects the generated pages."""
    for name in temnet.__all__:  # what is loaded lazily is there before autodoc asks
        getattr(temnet, name)
    import_module("temnet.callbacks")
    app.connect("builder-inited", write_generated)  # type: ignore[attr-defined]
