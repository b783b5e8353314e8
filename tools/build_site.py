#!/usr/bin/env python3
"""Builds the documentation site from docs/ with Sphinx.

build_site.py BUILD   reads BUILD/notebooks (tools/notebooks.py) and the module in BUILD/python, writes BUILD/site/html

Warnings are errors; afterwards every link within the site is followed.
"""
import html.parser
import inspect
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.parse

import nbformat

ROOT = pathlib.Path(__file__).resolve().parents[1]


def copy_pages(source):
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(ROOT / "docs", source, ignore=shutil.ignore_patterns("*.ipynb", "__pycache__"))
    moved = (("](docs/commands)", "](commands/index.md)"), ("](docs/notebooks)", "](notebooks/xpcs-aging.md)"), ("](docs/", "]("), ("](CONTRIBUTING.md)", "](contributing.md)"), ("](CHANGELOG.md)", "](changelog.md)"))
    for name, page in (("README.md", "tour.md"), ("CONTRIBUTING.md", "contributing.md"), ("CHANGELOG.md", "changelog.md")):
        text = (ROOT / name).read_text()
        for before, after in moved:
            text = text.replace(before, after)
        if page == "tour.md":
            text = text.replace("# vitrum\n", "# What vitrum is, and a tour\n", 1)
        (source / page).write_text(text)
    install = source / "install.md"
    install.write_text(install.read_text().replace("](example)", "](example/relaxation.cpp)"))  # a folder is no page
    commands = sorted(path.stem for path in (source / "commands").glob("*.md"))
    (source / "commands/index.md").write_text("# Commands\n\nOne page each, with the help that the program prints.\n\n```{toctree}\n" + "\n".join(commands) + "\n```\n")


def python_reference(source):
    """Every public name of the module with its signature and docstring."""
    import vitrum
    lines = ["# Python reference", "", "Generated from the module. [Python](python.md) tells how it is meant to be used.", ""]
    exceptions = [name for name in vitrum.__all__ if isinstance(getattr(vitrum, name), type) and issubclass(getattr(vitrum, name), Exception)]
    for title, names in (("Commands", vitrum._commands.__all__), ("Results and kernels", [n for n in vitrum.__all__ if n not in vitrum._commands.__all__ and n not in exceptions])):
        lines += [f"## {title}", ""]
        for name in names:
            what = getattr(vitrum, name)
            if not callable(what):
                continue
            lines += [f"### vitrum.{name}", "", "```text", (inspect.getdoc(what) or "").strip(), "```", ""]
            if inspect.isclass(what):
                for part, method in inspect.getmembers(what, lambda m: inspect.isfunction(m) or isinstance(m, property)):
                    if not part.startswith("_") and inspect.getdoc(method) and part in vars(what):
                        shown = part if isinstance(method, property) else f"{part}{inspect.signature(method)}"
                        lines += [f"**{part}**", "", "```text", shown, "", inspect.getdoc(method), "```", ""]
    lines += ["## Exceptions", ""] + [f"- `vitrum.{name}`, a `{getattr(vitrum, name).__mro__[1].__name__}`" for name in exceptions] + [""]
    (source / "python-reference.md").write_text("\n".join(lines))


def shown_output(output, folder, stem):
    """Lines of markdown for an output of a cell."""
    if output.output_type == "stream":
        text = output.text if output.name == "stdout" else re.sub(r"^.*?: (\w*Warning: .*)\n(  .*\n)?", r"\1\n", output.text)
        return ["```text", text.rstrip(), "```", ""] if text.strip() else []
    data = output.get("data", {})
    if "image/svg+xml" in data:
        (folder / f"{stem}.svg").write_text(data["image/svg+xml"])
        return [f"![figure]({stem}.svg)", ""]
    return ["```text", data["text/plain"], "```", ""] if "text/plain" in data else []


def notebook_pages(executed, source):
    folder = source / "notebooks"
    folder.mkdir(exist_ok=True)
    for stored in sorted((ROOT / "docs/notebooks").glob("*.ipynb")):
        path = executed / stored.name
        if not path.exists():
            sys.exit(f"{path}: not there, expected {stored.name} with its outputs (tools/notebooks.py)")
        lines, figure = [], 0
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                lines += [cell.source, ""]
                continue
            lines += ["```python", cell.source, "```", ""]
            for output in cell.outputs:
                figure += 1
                lines += shown_output(output, folder, f"{stored.stem}-{figure}")
        shutil.copy(stored, folder / stored.name)
        lines += [f"[The notebook]({stored.name}) as it is run."]
        (folder / f"{stored.stem}.md").write_text("\n".join(lines) + "\n")


class Links(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.anchors = [], set()

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or (name == "name" and tag == "a"):
                self.anchors.add(value)
            elif value and (name, tag) in (("href", "a"), ("href", "link"), ("src", "img"), ("src", "script")):
                self.links.append(value)


def check_links(html_root):
    """Follows links within the site; other hosts may be linked to, but nothing is loaded from them."""
    pages = {}
    for path in html_root.rglob("*.html"):
        pages[path.resolve()] = parser = Links()
        parser.feed(path.read_text())
    broken, followed = [], 0
    for path, parser in pages.items():
        for link in parser.links:
            target, fragment = urllib.parse.urldefrag(link)
            if urllib.parse.urlparse(target).scheme or link.startswith("#") and len(link) == 1:
                continue
            followed += 1
            file = (path.parent / urllib.parse.unquote(target.split("?")[0])).resolve() if target else path
            if not file.exists():
                broken.append(f"{path.relative_to(html_root.resolve())}: {link} leads nowhere")
            elif fragment and file in pages and urllib.parse.unquote(fragment) not in pages[file].anchors:
                broken.append(f"{path.relative_to(html_root.resolve())}: {link}: no such place on that page")
    if broken:
        sys.exit("\n".join(broken))
    return len(pages), followed


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    sys.path.insert(0, str(build / "python"))
    source, out = build / "site/source", build / "site/html"
    copy_pages(source)
    python_reference(source)
    notebook_pages(build / "notebooks", source)
    import vitrum
    shutil.rmtree(out, ignore_errors=True)
    done = subprocess.run([sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(source), str(out)],
                          env={**os.environ, "VITRUM_VERSION": vitrum.__version__})
    if done.returncode != 0:
        sys.exit(done.returncode)
    pages, links = check_links(out)
    print(f"site: {pages} pages, {links} links within it hold: {out / 'index.html'}")


main()
