"""The packages, as their users meet them: in a root of Debian 12 where nothing else is installed, and
in a program of one's own that links the library."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import unittest

BUILD = pathlib.Path(os.environ["VITRUM_BUILD"])
SOURCE = pathlib.Path(__file__).resolve().parents[2]
MIRROR = os.environ.get("VITRUM_DEBIAN_MIRROR", "http://deb.debian.org/debian")


def run(*words, **how):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, **how)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done.stdout


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        made = tempfile.TemporaryDirectory()
        cls.addClassCleanup(made.cleanup)
        cls.folder = pathlib.Path(made.name)
        run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", cls.folder)
        cls.packages = {path.name.split("_")[0]: path for path in cls.folder.glob("*.deb")}
        cls.version = re.search(r"project\(vitrum VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text())[1]

    def field(self, package, name):
        return run("dpkg-deb", "-f", self.packages[package], name).strip()

    def contents(self, package):
        return {line.split()[-1][1:] for line in run("dpkg-deb", "-c", self.packages[package]).splitlines()}

    def test_four_packages_of_one_version(self):
        self.assertEqual(set(self.packages), {"vitrum", "libvitrum-dev", "python3-vitrum", "vitrum-doc"})
        for name in self.packages:
            self.assertEqual(self.field(name, "Version"), self.version)
            self.assertIn(f"/usr/share/doc/{name}/copyright", self.contents(name))
        program = self.contents("vitrum")
        for path in ("bin/vitrum", "share/man/man1/vitrum-synth-xpcs.1.gz", "share/bash-completion/completions/vitrum",
                     "share/fish/vendor_completions.d/vitrum.fish", "share/zsh/vendor-completions/_vitrum"):
            self.assertIn("/usr/" + path, program)

    def test_packages_do_not_depend_on_when_they_are_made(self):
        again = self.folder / "again"
        time.sleep(1.1)
        run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", again)
        for path in self.packages.values():
            self.assertEqual(path.read_bytes(), (again / path.name).read_bytes(), path.name)

    def test_own_program_links_the_library(self):
        root = self.folder / "root"
        run("dpkg-deb", "-x", self.packages["libvitrum-dev"], root)
        shutil.copytree(SOURCE / "docs/example", self.folder / "example")
        run("cmake", "-S", self.folder / "example", "-B", self.folder / "own", "-G", "Ninja",
            f"-DCMAKE_PREFIX_PATH={root}/usr", "-DCMAKE_BUILD_TYPE=Release")
        run("cmake", "--build", self.folder / "own")
        vitrum = BUILD / "bin/vitrum"
        run(vitrum, "synth", "xpcs", "--frames", 800, "--height", 64, "--width", 64, "--tau", 20, "--exponent", 0.8,
            "--q-power", 0, "--frame-time", 2, "-o", "movie.h5", cwd=self.folder)
        text = run(self.folder / "own/relaxation", "movie.h5", cwd=self.folder)
        tau, error = map(float, re.search(r"^tau_s = (\S+) \+- (\S+) s$", text, re.M).groups())
        self.assertLess(abs(tau - 20), 4 * error, text)
        self.assertLess(error, 2, text)
        done = subprocess.run([self.folder / "own/relaxation", "absent.h5"], cwd=self.folder, capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stderr.startswith("relaxation: absent.h5: "), done.stderr)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("mmdebstrap"), "needs root and mmdebstrap")
    def test_fresh_debian(self):
        root = self.folder / "debian"
        made = subprocess.run(["mmdebstrap", "--variant=apt", "--mode=root", "bookworm", root, MIRROR],
                              capture_output=True, text=True)
        if made.returncode != 0:
            self.skipTest(f"no root of Debian from {MIRROR}: {made.stderr[-300:]}")
        for path in self.packages.values():
            shutil.copy(path, root / "root")
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")

        def inside(command):
            return run("chroot", root, "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
                       "DEBIAN_FRONTEND=noninteractive", "sh", "-c", f"cd /root; {command}")
        inside("apt-get update -q")
        inside("apt-get install -y -q --no-install-recommends ./vitrum_*.deb ./python3-vitrum_*.deb ./vitrum-doc_*.deb")
        began = time.monotonic()
        text = inside("vitrum demo 2>&1")
        print(f"demo in a fresh root: {time.monotonic() - began:.1f} s")
        self.assertRegex(text, r"\d+ of 16 within one error, \d+ within two")
        self.assertTrue((root / "root/demo/report/index.html").exists())
        self.assertEqual(inside("vitrum --version"), f"vitrum {self.version}\n")
        self.assertEqual(inside("python3 -c 'import vitrum; print(vitrum.__version__, "
                                "len(vitrum.open(\"demo/result.h5\").numbers) > 50)'"), f"{self.version} True\n")
        for name in ("vitrum", "python3-vitrum", "vitrum-doc"):
            unpacked = self.folder / f"files of {name}"
            run("dpkg-deb", "-x", self.packages[name], unpacked)
            files = {f"/{path.relative_to(unpacked)}" for path in unpacked.rglob("*")}
            self.assertEqual(set(inside(f"dpkg -L {name}").splitlines()) - {"/."}, files)
            self.assertEqual([path for path in files if not os.path.lexists(f"{root}{path}")], [])
        self.assertIn(f"\nRemv vitrum [{self.version}]", inside("apt-get -s remove vitrum"))


class Completion(unittest.TestCase):
    def complete(self, *words):
        """What bash offers after these words."""
        script = """source <(%s completion bash)
COMP_WORDS=(%s); COMP_CWORD=%d; _vitrum; printf '%%s\\n' "${COMPREPLY[@]}" """ % (
            BUILD / "bin/vitrum", " ".join(f"'{w}'" for w in words), len(words) - 1)
        return run("bash", "-c", script).split()

    def test_bash(self):
        self.assertEqual(self.complete("vitrum", "xp"), ["xpcs"])
        self.assertEqual(sorted(self.complete("vitrum", "synth", "")), ["ctrw", "ecm", "fem", "xpcs"])
        self.assertEqual(self.complete("vitrum", "xpcs", "a.h5", "--models-"), [])
        self.assertIn("--models", self.complete("vitrum", "xpcs", "a.h5", "--mod"))
        self.assertEqual(sorted(self.complete("vitrum", "xpcs", "a.h5", "--lags", "l")), ["linear", "log"])
        self.assertIn("--tau-log-sigma", self.complete("vitrum", "synth", "ecm", "--tau"))

    @unittest.skipUnless(shutil.which("groff"), "needs groff")
    def test_manual_pages_are_sound(self):
        with tempfile.TemporaryDirectory() as folder:
            run(BUILD / "bin/vitrum", "manual", folder)
            pages = sorted(pathlib.Path(folder).glob("*.1"))
            self.assertGreater(len(pages), 25)
            done = subprocess.run(["groff", "-man", "-Kutf8", "-Tutf8", "-ww", *pages], capture_output=True, text=True)
            self.assertEqual(done.stderr, "")
            self.assertIn("--partition", done.stdout)


if __name__ == "__main__":
    unittest.main()
