"""vitrum view: the server as a browser meets it, and, where there is a browser, what the page shows."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

import h5py
import numpy as np

import vitrum_cli
from vitrum_cli import VITRUM, CliTest

BUILD = pathlib.Path(VITRUM).resolve().parents[1]
PAGE = BUILD / "share/vitrum/web/index.html"
HERE = pathlib.Path(__file__).parent
CHROMIUM = shutil.which("chromium")
NODE = shutil.which("node")


@unittest.skipUnless(PAGE.exists(), "the page is not built")
class View(CliTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        import tempfile
        cls.made = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.made.cleanup)

        def run(*args):
            subprocess.run([VITRUM, *map(str, args), "--quiet"], cwd=cls.made.name, check=True, capture_output=True)
        run("synth", "xpcs", "--frames", 300, "--height", 48, "--width", 48, "--q-bins", 2, "--tau", 20, "--counts", 3,
            "--events", "150:0.6", "-o", "movie.h5")
        run("xpcs", "movie.h5", "--partition", "movie_qmap.h5", "--window", 50, "--models", "kww,ml", "-o", "result.h5")
        run("xpcs", "movie.h5", "--partition", "movie_qmap.h5", "--window", 50, "--frames", ":200", "-o", "short.h5")
        run("synth", "ecm", "--frames", 1000, "--height", 64, "--width", 64, "--tau", 20, "--tau-log-sigma", 0.4, "-o", "ecm.h5")
        run("ecm", "ecm.h5", "-o", "ecm_maps.h5")
        run("synth", "fem", "--scan", "6,6", "--height", 96, "--width", 96, "--k-per-pixel", 0.2, "-o", "patterns.h5")
        run("fem", "patterns.h5", "--gain", 1, "-o", "fem.h5")

    def serve(self, *args):
        server = subprocess.Popen([VITRUM, "view", *map(str, args), "--no-browser"], cwd=self.made.name, stderr=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)

        def end():
            if server.poll() is None:
                server.kill()
            server.wait()
            server.stderr.close()
            server.stdout.close()
        self.addCleanup(end)
        line = server.stderr.readline()
        self.assertRegex(line, r"^http://[\d.]+:\d+/(\?token=\S+)?  \(Ctrl-C ends\)\n$")
        return server, line.split()[0]

    def get(self, address, path, headers={}, **query):
        token = urllib.parse.parse_qs(urllib.parse.urlparse(address).query).get("token", [""])[0]
        port = urllib.parse.urlparse(address).port
        headers = {"Cookie": f"vitrum_{port}={token}", **headers}
        url = urllib.parse.urljoin(address, path) + ("?" + urllib.parse.urlencode(query) if query else "")
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.read()

    def test_serves_until_interrupted(self):
        server, address = self.serve(".")
        self.assertIn(b"<title>vitrum</title>", self.get(address, "/"))
        names = [entry["path"] for entry in json.loads(self.get(address, "/api/folder"))["entries"]]
        self.assertIn("result.h5", names)
        server.send_signal(signal.SIGINT)
        self.assertEqual(server.wait(timeout=20), 0)
        self.assertEqual(server.stdout.read(), "")

    def test_numbers_are_those_of_show(self):
        _, address = self.serve("result.h5")
        shown = json.loads(subprocess.run([VITRUM, "show", "result.h5", "--json"], cwd=self.made.name, check=True,
                                          capture_output=True, text=True).stdout)["scalars"]
        result = json.loads(self.get(address, "/api/result", file="result.h5"))
        numbers = {number["path"]: number["value"] for number in result["numbers"]}
        self.assertEqual(set(numbers), set(shown))
        for path, scalar in shown.items():
            if isinstance(scalar["value"], (int, float)):
                self.assertEqual(numbers[path], scalar["value"], path)

    def test_other_names_and_wrong_tokens_are_refused(self):
        _, address = self.serve("result.h5")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.get(address, "/", headers={"Host": "example.org"})
        refused.exception.close()
        self.assertEqual(refused.exception.code, 403)
        _, address = self.serve("result.h5", "--token", "long-enough")
        for path, code in (("/", 401), ("/?token=long-enougx", 401)):
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.get(address, path, headers={"Cookie": ""})
            refused.exception.close()
            self.assertEqual(refused.exception.code, code)
        self.assertIn(b"<title>", self.get(address, "/?token=long-enough"))

    def visit(self, test, *args):
        """What the browser sees, by a script of test/web."""
        if CHROMIUM is None or NODE is None:
            self.skipTest("needs chromium and node")
        _, address = self.serve(*args)
        shots = os.environ.get("VITRUM_SCREENSHOTS", self.folder.name)
        done = subprocess.run([NODE, HERE.parent / "web" / f"{test}.mjs", address, shots], capture_output=True, text=True,
                              env={**os.environ, "VITRUM_WEB_MODULES": str(BUILD / "web/node_modules"), "CHROMIUM": CHROMIUM, "VITRUM_FOLDER": self.made.name})
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def test_page_of_jobs(self):
        seen = self.visit("jobs", ".")
        self.assertIn("synth ecm", seen["commands"])
        self.assertNotIn("info", seen["commands"])
        self.assertEqual(seen["wrong"], ["name the file to write: -o FILE"])
        self.assertEqual(seen["refused"], ["--window fifty: expected a number"])
        line = "vitrum xpcs movie.h5 --partition movie_qmap.h5 --window 60 --models kww -o from_page.h5"
        self.assertEqual(seen["words"][0], line)
        self.assertTrue(all("400 (Bad Request)" in text for text in seen["complaints"]), seen["complaints"])
        typed = subprocess.run([VITRUM, *line.split()[1:-1], "typed.h5", "--quiet"], cwd=self.made.name, capture_output=True)
        self.assertEqual(typed.returncode, 0)
        with h5py.File(f"{self.made.name}/from_page.h5") as page, h5py.File(f"{self.made.name}/typed.h5") as other:
            np.testing.assert_array_equal(page["entry/twotime/bin_1/two_time_corr_func"][()],
                                          other["entry/twotime/bin_1/two_time_corr_func"][()])
            self.assertEqual(page["entry/process/command_line"][()].decode(), line)

    def test_page_of_frames(self):
        corner = np.ones((3, 20, 30), np.uint16)
        corner[:, 2:4, 5:9] = 11
        np.save(f"{self.made.name}/corner.npy", corner)
        seen = self.visit("frames", ".")
        facts = dict(zip(seen["facts"][::2], seen["facts"][1::2]))
        self.assertEqual((facts["frames"], facts["height"], facts["frame_time"]), ("300", "48 px", "1 s"))
        self.assertEqual((seen["first"], seen["eleventh"]), ("frame 0 at 0 s", "frame 11 at 11 s"))
        values = set()
        for text in seen["under"]:
            x, y, value = map(float, re.match(r"x \(px\) (\S+), y \(px\) (\S+)\n(\S+) counts", text).groups())
            if min(abs((v + 0.5) % 1) for v in (x, y)) > 0.05:  # not at the edge of a pixel
                self.assertEqual(corner[0, int(y + 0.5), int(x + 0.5)], value, text)
                values.add(value)
        self.assertEqual(values, {1, 11})
        self.assertEqual(seen["refused"], ["../secret.npy: lies outside the folder that is viewed"])
        self.assertEqual(seen["absent"], ["nothing.h5: no such file"])
        self.assertTrue(all("404 (Not Found)" in text for text in seen["complaints"]), seen["complaints"])
        with h5py.File(f"{self.made.name}/movie.h5") as file:
            frames = file["entry/data/data"][()]
        _, address = self.serve(".")
        sent = np.frombuffer(self.get(address, "/api/figure-map", file="movie.h5", frame=7, average=3, panel=0), np.float32)
        np.testing.assert_allclose(sent.reshape(48, 48), frames[7:10].mean(axis=0), rtol=1e-6)

    def test_page_of_pixels(self):
        seen = self.visit("pixels", ".")
        self.assertEqual(seen["complaints"], [])
        with h5py.File(f"{self.made.name}/ecm_maps.h5") as file:
            tau, accepted = file["entry/map/tau_s"][()], file["entry/map/accepted"][()]
            g2, edge = file["entry/pixel_g2/g2"][()], file["entry/map/pixel_nm"][()]
        shown = set()
        for one in seen["under"]:
            column, row = map(int, re.match(r"pixel \((\d+), (\d+)\)", one["title"]).groups())
            x, y = map(float, re.match(r"x \(nm\) (\S+), y \(nm\) (\S+)\n", one["tip"]).groups())
            for index, place in ((column, x), (row, y)):
                self.assertLess(abs(index + 0.5 - place / edge), 0.5001)
            value = one["tip"].split("\n")[1].split()[0]
            self.assertEqual(value, f"{tau[row, column]:.6g}" if accepted[row, column] else "NaN")
            self.assertEqual(one["curve"], 1)
            self.assertEqual("accepted" in one["numbers"], bool(accepted[row, column]))
            shown.add((row, column))
        self.assertEqual(len(shown), 3)
        self.assertEqual(seen["at_rest"], 0)
        self.assertEqual(seen["before"], [f"{accepted.sum()} of {accepted.sum()} accepted pixels"])
        inside = int(seen["brushed"][0].split()[0])
        self.assertTrue(0 < inside < accepted.sum(), seen["brushed"])
        _, address = self.serve(".")
        ask = {"file": "ecm_maps.h5", "pixels": "g2", "x_nm": 2.5 * edge, "y_nm": 7.5 * edge}
        curve = json.loads(self.get(address, "/api/figure", **ask))["panels"][0]["series"][0]
        np.testing.assert_allclose(curve["y"], g2[7, 2], rtol=1e-6)
        lower, upper = np.quantile(tau[accepted == 1], [0.3, 0.6])
        part = json.loads(self.get(address, "/api/pixels", file="ecm_maps.h5", lower=lower, upper=upper))["chosen"]
        expected = int(((tau >= lower) & (tau <= upper) & (accepted == 1)).sum())
        self.assertEqual(part, f"{expected} of {accepted.sum()} accepted pixels")
        sent = np.frombuffer(self.get(address, "/api/figure-map", file="ecm_maps.h5", pixels="map", panel=0, lower=lower,
                                      upper=upper), np.float32)
        self.assertEqual(np.isfinite(sent).sum(), expected)

    def test_page_of_a_result_that_grows(self):
        seen = self.visit("growing", ".")
        self.assertEqual(seen["complaints"], [])
        self.assertEqual((seen["before"], seen["after"]), ("-0.5 – 199.5", "-0.5 – 299.5"))

    def test_page_of_a_series_that_is_measured(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            stream = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        live = subprocess.Popen([VITRUM, "live", stream, "--partition", "movie_qmap.h5", "--update", "0.5", "-o", "live.h5", "--quiet"],
                                cwd=self.made.name, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        replay = subprocess.Popen([VITRUM, "replay", "movie.h5", "--to", stream, "--rate", "20", "--quiet"], cwd=self.made.name,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            seen = self.visit("live", ".")
            self.assertEqual((replay.wait(60), live.wait(60)), (0, 0), live.stderr.read() + replay.stderr.read())
        finally:
            for run in (live, replay):
                run.kill()
                run.communicate()
        self.assertEqual(seen["complaints"], [])
        self.assertGreater(len(seen["ends"]), 2)
        self.assertEqual(seen["ends"], sorted(seen["ends"]))
        self.assertEqual(seen["ends"][-1], 299.5)
        self.assertGreater(seen["canvases"], 0)

    def test_page_of_corrections(self):
        seen = self.visit("variance", ".")
        self.assertEqual(seen["complaints"], [])
        self.assertEqual(len(seen["definitions"]), 5)
        self.assertEqual(seen["told"], ["V(k), corrected for shot noise, not corrected for few patterns",
                                        "V(k), not corrected for shot noise, not corrected for few patterns",
                                        "V(k), not corrected for shot noise, corrected for few patterns"])
        self.assertIn("variance=ring-mean&shot_noise=kept&few_patterns=corrected", seen["links"][0])
        _, address = self.serve(".")
        with h5py.File(f"{self.made.name}/fem.h5") as file:
            k = file["entry/series/1/k"][()]
            parts = {name: file[f"entry/series/1/definition/image/{name}"][()] for name in ("raw", "shot_noise", "bias")}
        self.assertTrue(np.all(parts["shot_noise"][5:30] > 0))
        for noise in ("kept", "corrected"):
            for few in ("kept", "corrected"):
                shown = json.loads(self.get(address, "/api/figure", file="fem.h5", variance="image", shot_noise=noise,
                                            few_patterns=few))["panels"][0]["series"][0]
                expected = parts["raw"] - (noise == "corrected") * parts["shot_noise"] - (few == "corrected") * parts["bias"]
                at = np.searchsorted(k, shown["x"])
                np.testing.assert_allclose(shown["y"], expected[at], rtol=1e-9)

    def test_pages_of_figures_and_numbers(self):
        seen = self.visit("figures", ".")
        self.assertEqual(seen["filtered"], ["result.h5"])
        self.assertGreaterEqual(len(seen["drawn"]), 8)
        self.assertNotIn("tau-q", seen["drawn"])  # it needs three rings
        for name, text in seen["drawn"].items():
            self.assertEqual(len(text), 1, name)
            self.assertNotIn("nothing to draw", text[0])
        self.assertEqual(seen["complaints"], [])
        shown = json.loads(subprocess.run([VITRUM, "show", "result.h5", "--json"], cwd=self.made.name, check=True,
                                          capture_output=True, text=True).stdout)["scalars"]
        rows = dict(row.split("\t") for row in seen["numbers"])
        self.assertEqual(set(rows), {path for path in shown if "fit" in path and "tau_s" in path})
        path = "bin/1/fit/kww/tau_s"
        self.assertAlmostEqual(float(re.match(r"[\d.]+", rows[path])[0]), shown[path]["value"], delta=shown[path]["error"])
        self.assertTrue(seen["origin"][0].startswith("vitrum xpcs movie.h5 --partition movie_qmap.h5"))
        row = next(row for row in seen["rows"] if "result.h5" in row)
        self.assertIn("frames 300", row)

    def test_page_of_the_two_time_map(self):
        seen = self.visit("twotime", ".")
        self.assertEqual(seen["complaints"], [])
        with h5py.File(f"{self.made.name}/result.h5") as file:
            two_time = file["entry/twotime/bin_2/two_time_corr_func"][()]
        t1, t2, value = map(float, re.match(r"t₁ (\S+) s, t₂ (\S+) s\nC = (\S+)", seen["tip"]).groups())
        near = two_time[int(t2 + 0.5), int(t1 + 0.5)]
        self.assertAlmostEqual(value, near, delta=1e-5)
        first, last = map(float, re.search(r"g₂ of ages (\S+) – (\S+) s", seen["side"]).groups())
        self.assertTrue(0 < first < last < 299, (first, last))
        _, address = self.serve(".")
        g2 = json.loads(self.get(address, "/api/range", file="result.h5", bin=2, first_s=first, last_s=last, models="kww"))
        self.assertEqual((g2["first_s"], g2["last_s"]), (first, last))
        for parameter in g2["fits"][0]["parameters"]:
            self.assertIn(parameter["text"], seen["side"])
        self.assertRegex(seen["cut"], r"C\(t \+ \S+ s, t\)")
        self.assertRegex(seen["typed"], r"g₂ of ages 40(\.\d+)? – 120(\.\d+)? s")
        self.assertIn("77", seen["title"])

    def test_figures_offered_are_those_that_can_be_drawn(self):
        _, address = self.serve(".")
        for name in ("result.h5", "ecm_maps.h5", "fem.h5"):
            offered = [figure["name"] for figure in json.loads(self.get(address, "/api/result", file=name))["figures"]]
            drawn = []
            said = subprocess.run([VITRUM, "show", name, "--figure", "?"], cwd=self.made.name, capture_output=True, text=True).stderr
            for figure in said.split("expected one of ")[1].strip().split(", "):
                if subprocess.run([VITRUM, "show", name, "--figure", figure, "-o", "f.svg", "--overwrite"], cwd=self.made.name,
                                  capture_output=True).returncode == 0:
                    drawn.append(figure)
            self.assertEqual(sorted(offered), drawn, name)

    def test_a_token_where_others_could_come_in(self):
        for args, asked in (([".", "--no-jobs"], False), (["result.h5"], False), (["."], True),
                            (["result.h5", "--host", "0.0.0.0"], True)):
            _, address = self.serve(*args)
            self.assertEqual("token=" in address, asked, args)

    def test_the_browser_is_not_told_the_token_by_its_arguments(self):
        folder = pathlib.Path(self.folder.name)
        (folder / "xdg-open").write_text('#!/bin/sh\necho "$1" > "$0.told"; cat "$1" > "$0.page"; mv "$0.told" "$0.done"\n')
        (folder / "xdg-open").chmod(0o755)
        server = subprocess.Popen([VITRUM, "view", "."], cwd=self.made.name, stderr=subprocess.PIPE, text=True,
                                  env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"})
        address = server.stderr.readline().split()[0]
        for _ in range(200):
            if (folder / "xdg-open.done").exists():
                break
            time.sleep(0.05)
        told = (folder / "xdg-open.done").read_text().strip()
        self.assertNotIn(urllib.parse.parse_qs(urllib.parse.urlparse(address).query)["token"][0], told)
        self.assertIn(f"url={address}", (folder / "xdg-open.page").read_text())
        self.assertEqual(pathlib.Path(told).parent.stat().st_mode & 0o077, 0)
        server.send_signal(signal.SIGINT)
        self.assertEqual(server.wait(timeout=20), 0)
        server.stderr.close()
        self.assertFalse(pathlib.Path(told).exists())

    def test_bad_input(self):
        self.refused("nothing.h5: cannot be opened (No such file or directory)", "view", "nothing.h5", "--no-browser")
        self.write_h5("other.h5", np.zeros(3))
        self.refused("other.h5:/entry/kind: no kind of result, expected a result that vitrum wrote ('xpcs')".replace(
            "other.h5", str(self.path("other.h5").resolve())), "view", "other.h5", "--no-browser")
        self.refused("--port 70000: expected 0 to 65535", "view", "--port", 70000, "--no-browser", code=2)
        self.refused("--token: expected at least 8 characters", "view", "--token", "short", "--no-browser", code=2)
        self.refused("--token: expected letters, digits, '-', '_' and '.'", "view", "--token", "long;enough", "--no-browser",
                     code=2)
        _, address = self.serve("result.h5")
        port = urllib.parse.urlparse(address).port
        self.refused(f"127.0.0.1 port {port}: cannot be listened at: another program may have it", "view", self.made.name,
                     "--port", port, "--no-browser")


if __name__ == "__main__":
    vitrum_cli.main()
