#!/usr/bin/env python3
"""Puts what the program prints into the pages that describe it.

docs.py VITRUM --write   rewrites the generated parts of docs/
docs.py VITRUM --check   exits 1 when a generated part differs from what the program prints

A generated part stands between '<!-- vitrum ARGS -->' and '<!-- end -->' as a fenced block.
"""
import pathlib
import re
import subprocess
import sys

PART = re.compile(r"<!-- vitrum ([^>]+?) -->\n.*?<!-- end -->", re.S)


def printed(vitrum, args):
    done = subprocess.run([vitrum, *args.split()], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"vitrum {args}: exit {done.returncode}: {done.stderr}")
    return f"<!-- vitrum {args} -->\n```text\n{done.stdout.rstrip()}\n```\n<!-- end -->"


def main():
    vitrum, mode = sys.argv[1:]
    root = pathlib.Path(__file__).resolve().parents[1]
    pages = [root / "README.md", *sorted(root.glob("docs/**/*.md"))]
    stale, parts = [], 0
    for page in pages:
        text = page.read_text()
        parts += len(PART.findall(text))
        fresh = PART.sub(lambda match: printed(vitrum, match[1]), text)
        if fresh != text:
            stale.append(page)
            if mode == "--write":
                page.write_text(fresh)
    if mode == "--check" and stale:
        sys.exit("\n".join(f"{p.relative_to(root)}: differs from what the program prints (tools/docs.py)"
                           for p in stale))
    if parts == 0:
        sys.exit("no generated part found in docs/")
    print(f"docs: {parts} generated parts in {len(pages)} pages")


main()
