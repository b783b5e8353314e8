"""Form of the text: clang-format, file sizes, what the root may hold, error messages, names."""
import pathlib
import re
import subprocess

MAX_BYTES = 1_000_000
ROOT = {"README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "CMakeLists.txt", "CMakePresets.json", "Makefile",
        ".gitignore", ".clang-format", ".clang-tidy", ".ci", "cmake", "docs", "src", "test", "tools", "web"}


def tracked():
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                         capture_output=True, text=True, check=True).stdout
    return [pathlib.Path(p) for p in out.splitlines() if pathlib.Path(p).is_file()]


def findings(root):
    files = tracked()
    for path in files:
        if path.parts[0] not in ROOT:
            yield f"{path}: the root holds only {', '.join(sorted(ROOT))}"
        if path.stat().st_size > MAX_BYTES:
            yield f"{path}: {path.stat().st_size} bytes, at most {MAX_BYTES}"
    for path in (p for p in files if p.suffix == ".md"):
        prose = re.sub(r"^```.*?^```|<!--.*?-->|`[^`]*`|^(?: {4}|\t).*?$", lambda m: "\n" * m[0].count("\n"), path.read_text(),
                       flags=re.S | re.M)
        for number, line in enumerate(prose.splitlines(), 1):
            # a browser takes <I> for a beginning of italics
            if re.search(r"<[A-Za-z][^<>]*>", line) and "<http" not in line:
                yield f"{path}:{number}: a tag of HTML in the text: means are written ⟨I⟩"
    sources = [p for p in files if p.suffix in {".hpp", ".cpp"}]
    for path in sources:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            # a message of an error begins in lower case and has no full stop
            found = re.search(r'throw (?:\w+::)*\w*Error\((?:fmt::format\()?"([^"]+)"\)', line)
            if found and (re.match(r"[A-Z][a-z]", found[1]) or found[1].endswith(".")):
                yield f'{path}:{number}: message "{found[1]}": lower case, no full stop'
            if re.search(r"\b(double|float)\s+beta\b", line) and "src/models" not in str(path):
                yield f"{path}:{number}: a bare 'beta': say contrast or kww_exponent"
    done = subprocess.run(["clang-format-14", "--dry-run", "--Werror", *map(str, sources)],
                          capture_output=True, text=True)
    if done.returncode != 0:
        bad = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "error:" in line})
        for path in bad:
            yield f"{path}: not formatted (make format)"
