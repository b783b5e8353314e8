"""Sphinx reads this for the site (tools/build_site.py, make docs). Version and pages come from the build."""
import os

project = "vitrum"
author = "the vitrum developers"
copyright = "the vitrum developers; Apache-2.0"
version = release = os.environ.get("VITRUM_VERSION", "")
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["notebooks/*.ipynb"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = f"vitrum {version}".strip()
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
highlight_language = "text"
templates_path = []
html_static_path = ["_static"]
html_css_files = ["wrap.css"]
