"""Simulated glasses: the numbers of a known configuration, a virtual trajectory with known jumps, LAMMPS, bad input."""
import pathlib
import shutil
import subprocess
import time
import unittest

import h5py
import numpy as np

import vitrum_cli
from vitrum_cli import DATA, CliTest, VITRUM, needs

TRAJECTORIES = pathlib.Path(__file__).resolve().parents[2] / "src/io/test/data/trajectories"
SAMPLE = "md/from-the-melt_LJWahnstrom.lammps.gz"


def write_dump(path, frames, box, every=10, columns="id type x y z"):
    """Frames [frame, atom, 3] of atoms of two types in turn."""
    with open(path, "w") as out:
        for f, frame in enumerate(frames):
            out.write(f"ITEM: UNITS\nlj\n" if f == 0 else "")
            out.write(f"ITEM: TIMESTEP\n{f * every}\nITEM: NUMBER OF ATOMS\n{len(frame)}\nITEM: BOX BOUNDS pp pp pp\n")
            out.write(f"0 {box}\n" * 3 + f"ITEM: ATOMS {columns}\n")
            for i, r in enumerate(frame):
                out.write(f"{i + 1} {1 + i % 2} {r[0]:.6f} {r[1]:.6f} {r[2]:.6f}\n")


def hopping_glass(frames=240, edge=7, seed=1):
    """Atoms at random, none closer than 0.62, that rattle, and hop by 1.2 after Pareto waits."""
    rng = np.random.default_rng(seed)
    at = np.empty((0, 3))
    while len(at) < edge**3:
        one = rng.uniform(0, edge, 3)
        away = (at - one + edge / 2) % edge - edge / 2
        if len(at) == 0 or (away**2).sum(1).min() > 0.62**2:
            at = np.vstack([at, one])
    after = rng.pareto(0.6, len(at)) + 1
    out = []
    for f in range(frames):
        hop = after <= f
        step = np.zeros_like(at)
        step[np.arange(len(at)), rng.integers(0, 3, len(at))] = rng.choice([-1.2, 1.2], len(at))
        at = at + step * hop[:, None]
        after = np.where(hop, f + rng.pareto(0.6, len(at)) + 1, after)
        out.append((at + 0.03 * rng.standard_normal(at.shape)) % edge)
    return out, edge


class Structure(CliTest):
    @needs(SAMPLE)
    def test_numbers_of_a_published_glass(self):
        self.vitrum("md", "analyze", DATA / SAMPLE, "--radii", "0.55,0.45", "-o", "s.h5", "--quiet")
        s = {name: value["value"] for name, value in self.scalars("s.h5")["scalars"].items()}
        for name, value in (("bonds", 223323), ("z12", 2164), ("z14", 267), ("z15", 204), ("z16", 105), ("z12_2", 2095), ("z12_1", 69),
                            ("z14_1", 251), ("z15_1", 201), ("z16_1", 105), ("network_largest", 108)):
            self.assertEqual(s[f"voronoi/{name}"], value, name)
        self.assertEqual(s["voronoi/network_percolates"], "no")
        self.assertAlmostEqual(s["voronoi/mean_coordination_1"], 15.212, places=3)
        self.assertAlmostEqual(s["voronoi/mean_coordination_2"], 12.703, places=3)
        self.assertAlmostEqual(s["structure/peak_q"], 7.75, places=9)
        self.assertAlmostEqual(s["structure/peak_structure_factor"], 3.47, delta=0.005)
        for pair, peak, minimum in (("1_1", 1.065, 1.365), ("1_2", 0.985, 1.255), ("2_2", 0.905, 1.145)):
            self.assertAlmostEqual(s[f"pair_distribution/first_peak_{pair}"], peak, places=9)
            self.assertAlmostEqual(s[f"pair_distribution/first_minimum_{pair}"], minimum, places=9)
        self.assert_documented("s.h5")
        self.vitrum("show", "s.h5", "--figure", "structure", "-o", "s.png")
        self.vitrum("report", "s.h5", "-o", "page", "--quiet")
        page = self.path("page/index.html").read_text()
        self.assertIn("share of icosahedral and Frank–Kasper atoms", page)
        self.assertIn("Z12 of species 2", page)

    def test_info_knows_trajectories(self):
        text = self.vitrum("info", TRAJECTORIES / "tri.dump").stdout
        for word in ("lammps-dump", "256", "150 to 250"):
            self.assertIn(word, text)


class Trajectory(CliTest):
    def glass(self, name="g.dump", **options):
        frames, box = hopping_glass(**options)
        write_dump(self.path(name), frames, box)
        return name

    def test_speckles_waits_and_page(self):
        self.glass()
        self.vitrum("md", "analyze", "g.dump", "--time-step", "0.1", "--bond-length", "0.9", "--average", "3", "--t-min", "8",
                    "--replicates", "10", "--atoms", "atoms.xyz", "--probe-size", "0.4,0.45", "--orientations", "4", "--elements", "Zr,Cu", "--angstrom", "3",
                    "-o", "g.h5", "--quiet")
        s = {name: value for name, value in self.scalars("g.h5")["scalars"].items()}
        self.assertEqual(s["frames"]["value"], 240)
        self.assertEqual(s["frame_time_s"], {"value": 1.0, "error": None, "unit": "tau"})
        # hops of density t^-1.6; three frames of averaging blur short waits
        self.assertAlmostEqual(s["waiting/exponent"]["value"], 1.6, delta=0.15)
        self.assertRegex(s["waiting/verdict"]["value"], r"^a power law with the exponent 1\.6\d+ ± 0\.0\d+ above 8 tau, over 1\.5 decades \(p = \S+\)$")
        self.assertEqual(s["waiting/power_law"]["value"], "possible")
        self.assertGreater(s["waiting/p_value"]["value"], 0.05)
        for bin_number in (1, 2, 3):
            self.assertIn(f"bin/{bin_number}/fit/kww/tau_s", s)
        self.assertAlmostEqual(s["speckle/shell_mean_contrast"]["value"], 1, delta=0.15)
        with h5py.File(self.path("g.h5")) as result:
            self.assertEqual(result["entry/g2/lag_s"].attrs["units"], "tau")
            self.assertEqual(result["entry/fem_model/variance"].shape, (2, 81))
            self.assertTrue((result["entry/fem_model/variance"][:] > 0).all())
            self.assertEqual(result["entry/fem_model/probe_width"][()], b"fwhm")
            self.assertEqual(result["entry/mobility/displacement"].shape, (96, 96))
            self.assertIn("peak_structure_factor_errors", result["entry/structure"])
        self.vitrum("validate", "g.h5")
        self.assert_documented("g.h5")
        for figure in ("two-time", "g2", "structure", "speckle", "windows", "waiting", "hops", "motion", "mobility", "model-variance"):
            self.vitrum("show", "g.h5", "--figure", figure, "-o", f"{figure}.png")
        self.vitrum("report", "g.h5", "-o", "page", "--quiet")
        page = self.path("page/index.html").read_text()
        for title in ("Structure", "waiting times", "Motion", "Fluctuation microscopy of the same atoms"):
            self.assertIn(title, page)
        header = self.path("atoms.xyz").read_text().splitlines()[1]
        self.assertIn("Properties=species:S:1:pos:R:3:id:I:1:frank_kasper:I:1:displacement:R:1", header)
        self.assertIn("lammps", self.vitrum("info", "g.dump").stdout)
        self.assertIn("extxyz", self.vitrum("info", "atoms.xyz").stdout)

    def test_small_faces_count_nowhere(self):
        """A rattling Laves phase, all Z12 and Z16 unless faces are left out."""
        fcc = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]) / 2
        large = np.vstack([fcc, fcc + 0.25])
        small = np.vstack([fcc + at for at in np.array([[5, 5, 5], [5, 7, 7], [7, 5, 7], [7, 7, 5]]) / 8])
        cells = np.array(list(np.ndindex(3, 3, 3)))
        at = (cells[:, None] + np.vstack([large, small])).reshape(-1, 3) * 2.6
        rng = np.random.default_rng(1)
        write_dump(self.path("l.dump"), [at + 0.02 * rng.standard_normal(at.shape) for _ in range(12)], 7.8)
        share = {}
        for face in ("0", "0.25"):
            self.vitrum("md", "analyze", "l.dump", "--time-step", "0.1", "--no-map", "--replicates", "0", "--radii", "0.5,0.5", "--smallest-face", face,
                        "--atoms", "l.xyz", "-o", "l.h5", "--overwrite", "--quiet")
            with h5py.File(self.path("l.h5")) as result:
                share[face] = result["entry/order/ifk_fraction"][-1]
            classes = np.array([int(line.split()[5]) for line in self.path("l.xyz").read_text().splitlines()[2:]])
            self.assertEqual((classes > 0).sum(), round(648 * share[face]))
        self.assertEqual(share["0"], 1)
        self.assertTrue(0.5 < share["0.25"] < 0.9, share)

    def test_probes_see_the_same_in_an_oblique_box(self):
        frames, box = hopping_glass(frames=1)
        write_dump(self.path("a.dump"), frames, box)
        # b leans by the length of a: the same lattice
        self.path("b.dump").write_text(self.path("a.dump").read_text().replace("BOUNDS pp pp pp\n0 7\n0 7\n0 7", "BOUNDS xy xz yz pp pp pp\n0 14 7\n0 7 0\n0 7 0"))
        curves = []
        for name in "ab":
            self.vitrum("md", "analyze", f"{name}.dump", "--probe-size", "0.4", "--orientations", "4", "--elements", "Zr,Cu", "--angstrom", "3", "--r-max", "2.4",
                        "-o", f"{name}.h5", "--quiet")
            with h5py.File(self.path(f"{name}.h5")) as result:
                curves.append(result["entry/fem_model/variance"][:])
        np.testing.assert_allclose(*curves, rtol=1e-9)

    def test_a_slab_without_atoms_costs_the_map_alone(self):
        frames, box = hopping_glass(frames=40)
        write_dump(self.path("g.dump"), [frame * (1, 1, 0.3) for frame in frames], box)
        analyze = ("md", "analyze", "g.dump", "--time-step", "0.1", "--shell", "6:8", "--no-map", "--replicates", "0", "-o", "g.h5")
        done = self.vitrum(*analyze, "--no-voronoi")
        self.assertEqual(done.stderr.count("no map of mobility: no atom within 1 of the middle of the box"), 1)
        done = self.vitrum(*analyze, "--overwrite")
        self.assertEqual(done.stderr.count("no map of mobility: no atom within 1 of the middle of the box"), 1)
        with h5py.File(self.path("g.h5")) as result:
            self.assertNotIn("mobility", result["entry"])
            self.assertNotIn("mobility_order_correlation", result["entry/order"])
            self.assertIn("string_mean_length", result["entry/order"])

    def test_what_is_said_of_waiting_times_is_what_was_tested(self):
        self.glass()
        analyze = ("md", "analyze", "g.dump", "--time-step", "0.1", "--bond-length", "0.9", "--no-map", "--no-voronoi", "--replicates", "0", "--overwrite",
                   "-o", "g.h5", "--quiet")
        for t_min, kind, text in (("8", "not tested", r"the power law with the exponent 1\.6.*, over 1\.5 decades, was not tested: --replicates 0"),
                                  ("4", "less likely", r"above 4 tau the law 'lognormal' is likelier \(z = -2\.\d\) than a power law \(not tested\)"),
                                  ("60", "too short", r"above 60 tau the run shows 0\.59 decades of time: too few to tell a power law")):
            done = self.vitrum(*analyze, "--t-min", t_min)
            self.assertRegex(done.stdout, f"exchange times: {text}\n")
            self.assertEqual(self.scalars("g.h5")["scalars"]["waiting/power_law"]["value"], kind)

    def test_the_movie_is_that_of_plain_sums(self):
        frames, box = hopping_glass(frames=4, edge=6)
        write_dump(self.path("g.dump"), frames, box)
        self.vitrum("md", "frames", "g.dump", "--time-step", "0.1", "--q-max", "6.5", "--tolerance", "1e-9", "-o", "m.h5", "--quiet")
        with h5py.File(self.path("m.h5")) as movie:
            found = movie["entry/data/data"][:]
        half = found.shape[2] // 2
        h, k = np.meshgrid(np.arange(-half, half + 1), np.arange(-half, half + 1))
        for f, frame in enumerate(frames):
            at = np.round(frame, 6)
            phase = 2 * np.pi / box * (h[..., None] * at[:, 0] + k[..., None] * at[:, 1])
            expected = np.abs(np.exp(1j * phase).sum(-1)) ** 2 / len(at)
            np.testing.assert_allclose(found[f], expected, rtol=2e-4, atol=2e-4)
        self.vitrum("xpcs", "m.h5", "--no-map", "-o", "x.h5", "--quiet")
        # the element of both species alike cancels, that of one does not
        scattering = ["--time-step", "0.1", "--q-max", "6.5", "--tolerance", "1e-9", "--weights", "electron", "--angstrom", "3", "--quiet"]
        self.vitrum("md", "frames", "g.dump", *scattering, "--elements", "Zr,Zr", "-o", "alike.h5")
        self.vitrum("md", "frames", "g.dump", *scattering, "--elements", "Zr,Be", "-o", "unlike.h5")
        with h5py.File(self.path("alike.h5")) as alike, h5py.File(self.path("unlike.h5")) as unlike:
            np.testing.assert_allclose(alike["entry/data/data"][:], found, rtol=1e-5)
            self.assertGreater(np.abs(unlike["entry/data/data"][:] - found).max(), 1)

    def test_bad_input(self):
        frames, box = hopping_glass(frames=6, edge=6)
        write_dump(self.path("g.dump"), frames, box)
        text = self.path("g.dump").read_text()
        self.refused("g.dump: 0 times, correlation in time needs the time between frames", "md", "analyze", "g.dump", "-o", "o.h5")
        self.path("grown.dump").write_text(text.replace("20\nITEM: NUMBER OF ATOMS\n216\nITEM: BOX BOUNDS pp pp pp\n0 6",
                                                        "20\nITEM: NUMBER OF ATOMS\n216\nITEM: BOX BOUNDS pp pp pp\n0 6.2"))
        self.refused("grown.dump: frame 2: the box has changed from 6 x 6 x 6 to 6.2 x 6 x 6, and with it the lattice of q; choose frames "
                     "of one box with --frames", "md", "analyze", "grown.dump", "--time-step", "1", "--no-voronoi", "-o", "o.h5")
        self.path("uneven.dump").write_text(text.replace("TIMESTEP\n50", "TIMESTEP\n55"))
        self.refused("uneven.dump: frame 5 is 15 after the one before, the first two are 10 apart: correlation in time needs equal time "
                     "steps", "md", "analyze", "uneven.dump", "--time-step", "1", "--no-voronoi", "-o", "o.h5")
        self.refused("--shell 7: expected LOW:HIGH with 0 < LOW < HIGH", "md", "analyze", "g.dump", "--time-step", "1", "--shell", "7",
                     "--no-voronoi", "-o", "o.h5", code=2)
        scattering = ["md", "analyze", "g.dump", "--time-step", "1", "--weights", "x-ray", "-o", "o.h5"]
        self.refused("g.dump: lengths are in 'sigma': form factors need --angstrom, the length of this unit", *scattering, code=2)
        self.refused("'1' is no element: name one for each species with --elements", *scattering, "--angstrom", "3", code=2)
        self.refused("--elements: 1 elements for 2 species (1, 2)", *scattering, "--angstrom", "3", "--elements", "Zr", code=2)
        fem = ["md", "analyze", "g.dump", "--time-step", "1", "--probe-size", "0.8", "-o", "o.h5"]
        self.refused("g.dump: lengths are in 'sigma': a probe of so many nm needs --angstrom, the length of this unit", *fem, code=2)
        self.refused("'1' is no element: name one for each species with --elements", *fem, "--angstrom", "3", code=2)
        atoms = ["--angstrom", "3", "--elements", "Zr,Cu"]
        # to the second dark ring: 2.23/Q, Q = 0.5145/FWHM or 0.61/R
        self.refused("g.dump: a probe of 0.42 nm lights 18.2 angstrom, the box has 18.0: expected a smaller probe or a larger box", *fem[:6], "0.42",
                     *fem[7:], *atoms)
        self.refused("g.dump: a probe of 0.5 nm lights 18.3 angstrom, the box has 18.0: expected a smaller probe or a larger box", *fem[:6], "0.5",
                     *fem[7:], *atoms, "--probe-width", "rayleigh")
        self.refused("--probe-width hwhm: expected rayleigh or fwhm", *fem, *atoms, "--probe-width", "hwhm", code=2)
        self.refused("--probe-size -1: must be positive", *fem[:6], "-1", *fem[7:], *atoms, code=2)
        self.refused("--weights xray: expected unit, x-ray or electron", *scattering[:5], "--weights", "xray", "-o", "o.h5", code=2)
        analyze = ("md", "analyze", "g.dump", "--time-step", "1", "-o", "o.h5")
        for message in ("--r-width 0: must be positive", "--r-max -2: must not be negative", "--r-max 0.01: must be more than one --r-width of 0.01",
                        "--q-max -1: must not be negative", "--q-width 0: must be positive", "--q-width 50: must be less than the end of S(q), 18.8496",
                        "--structure-frames 0: must be at least 1", "--tolerance 1: must be from 1e-13 to 0.1", "--average 0: must be at least 1",
                        "--origins 0: must be at least 1", "--hop-frames 1: must be at least 2", "--hop-threshold -1: must not be negative",
                        "--bond-length -1: must not be negative", "--t-min -1: must not be negative", "--replicates -1: must be at least 0",
                        "--mobile 0: must be above 0 and up to 1", "--smallest-face -1: must not be negative", "--spot 0: must be at least 2",
                        "--exposure 0: must be at least 1", "--wavelength -1: must not be negative"):
            flag, value = message.split(":")[0].split()
            self.refused(message, *analyze, flag, value, code=2)
        for message, *flags in (("--r-max 5: more than half the box, 3", "--r-max", "5"),
                                ("S(q) has no peak from 3.14 to 3: take a larger --q-max", "--q-max", "3"),
                                ("1909 x 1909 x 955 reciprocal vectors take 468 GB, more than --memory 16G: take a smaller --q-max", "--q-max", "1000"),
                                ("a spot of 99 x 99 x 99 at q = 7.25 leaves the reciprocal grid: expected a smaller one", "--spot", "99"),
                                ("step 50: Voronoi cells: atom 0 has none (hidden by larger atoms, or at the place of another one); --no-voronoi does without cells",
                                 "--radii", "0.01,3")):
            self.refused(f"g.dump: {message}", *analyze, *flags)
        self.assertIn("no hops: 6 frames, --hop-frames 5 needs more than 10", self.vitrum(*analyze[:-1], "h.h5", "--no-map", "--no-voronoi", "--shell", "6:8").stderr)
        self.refused("--tolerance 1: must be from 1e-13 to 0.1", "md", "frames", "g.dump", "--tolerance", "1", "-o", "m.h5", code=2)
        self.refused("--radii: 1 radii for 2 species (1, 2)", "md", "analyze", "g.dump", "--radii", "0.5", "-o", "o.h5", code=2)


class Simulation(CliTest):
    SMALL = ["--atoms", "864", "--temperature", "0.8", "--hold", "16", "--frame-interval", "0.4", "--quiet"]

    def test_says_what_is_missing(self):
        self.refused("no-such-lmp: not found: install LAMMPS with 'apt-get install lammps', or name its program with --lammps",
                     "md", "simulate", "--lammps", "no-such-lmp", "-o", "glass")
        self.refused("--atoms 1000: not 4 n^3; the nearest that fill a lattice are 864", "md", "simulate", "--atoms", "1000", "-o", "glass",
                     code=2)
        text = self.vitrum("md", "simulate", "--model", "kob-andersen", "--dry-run", "-o", "glass").stdout
        self.assertIn("pair_coeff 1 2 1.5 0.8 2", text)
        self.assertIn("lattice fcc 1.2\n", text)
        self.assertIn("lattice fcc 1.296\n", self.vitrum("md", "simulate", "--dry-run", "-o", "glass").stdout)
        self.assertEqual(list(self.path(".").iterdir()), [])

    @unittest.skipUnless(shutil.which("lmp"), "LAMMPS is not installed")
    def test_a_small_glass(self):
        self.vitrum("md", "simulate", *self.SMALL, "-o", "glass")
        self.assertIn("41", self.vitrum("info", "glass/glass.lammpstrj").stdout)
        self.refused("glass/glass.lammpstrj: exists (use --resume to go on, --overwrite to begin anew)", "md", "simulate",
                     *self.SMALL[:-1], "-o", "glass")
        # at its density the large species first, then the small one: the same glass (Derlet's: AA 1.065, AB 0.985, BB 0.905, S(q) at 7.75)
        self.vitrum("md", "simulate", *self.SMALL, "--model", "wahnstrom-small-first", "-o", "small")
        for folder, large, small in (("glass", 1, 2), ("small", 2, 1)):
            self.vitrum("md", "analyze", f"{folder}/glass.lammpstrj", "--no-map", "--r-width", "0.03", "--replicates", "0", "-o", f"{folder}.h5", "--quiet")
            s = {name: value["value"] for name, value in self.scalars(f"{folder}.h5")["scalars"].items()}
            for pair, peak in ((f"{large}_{large}", 1.065), ("1_2", 0.985), (f"{small}_{small}", 0.905)):
                self.assertAlmostEqual(s[f"pair_distribution/first_peak_{pair}"], peak, delta=0.05)
            self.assertAlmostEqual(s["structure/peak_q"], 7.75, delta=0.3)
            self.assertTrue(2 < s["structure/peak_structure_factor"] < 3.5, s["structure/peak_structure_factor"])
            self.assertGreater(s[f"voronoi/mean_coordination_{large}"], s[f"voronoi/mean_coordination_{small}"] + 1.5)
            edge = float(self.path(f"{folder}/glass.lammpstrj").read_text().split("BOX BOUNDS")[1].splitlines()[1].split()[1])
            self.assertAlmostEqual(864 / edge**3, 1.296, delta=0.001)

    @unittest.skipUnless(shutil.which("lmp"), "LAMMPS is not installed")
    def test_goes_on_after_a_kill(self):
        """What a kill leaves: a checkpoint of step 1800 of 2000, frames after it, the last one half written."""
        self.vitrum("md", "simulate", *self.SMALL, "-o", "glass")
        dump = self.path("glass/glass.lammpstrj")
        whole = dump.read_text()
        max(self.path("glass/checkpoint.1"), self.path("glass/checkpoint.2"), key=lambda path: path.stat().st_mtime_ns).unlink()
        dump.write_text(whole[:-1000])
        self.refused("--temperature 0.7: glass/simulation.toml says that the run began with 0.8", "md", "simulate", "--resume", "--temperature", "0.7",
                     "-o", "glass", code=2)
        done = self.vitrum("md", "simulate", "--resume", "-o", "glass")
        self.assertRegex(done.stderr, "goes on from step 1800; 5 frames from there on are made again")

        def steps(text):
            lines = text.splitlines()
            return [lines[i + 1] for i, line in enumerate(lines) if line == "ITEM: TIMESTEP"]
        again = dump.read_text()
        self.assertEqual(steps(again), steps(whole))
        self.assertEqual(again[:again.index("ITEM: TIMESTEP\n1750")], whole[:whole.index("ITEM: TIMESTEP\n1750")])
        # the state goes on, velocities and thermostat too, until rounding has grown
        last = lambda text: np.array([line.split()[2:] for line in text[text.rindex("ITEM: ATOMS"):].splitlines()[1:]], float)
        before = np.array([line.split()[2:] for line in whole[whole.index("ITEM: TIMESTEP\n1800"):].split("ITEM: ATOMS")[1].split("ITEM")[0].splitlines()[1:]], float)
        self.assertGreater(np.abs(last(whole) - before).max(), 0.2)
        np.testing.assert_allclose(last(again), last(whole), atol=1e-4)
        self.assertIn("the times begin anew at frame 36, the steps go on: times taken as going on", self.vitrum("info", "glass/glass.lammpstrj").stdout)
        self.vitrum("md", "simulate", "--resume", "--hold", "20", "-o", "glass", "--quiet")  # a longer hold goes on
        self.assertEqual(steps(dump.read_text())[-1], "2500")

    def simulated(self, *flags):
        """The input that LAMMPS would be given."""
        return self.vitrum("md", "simulate", *flags, "--dry-run", "-o", "glass").stdout

    def test_what_is_given_holds_and_the_preset_fills_the_rest(self):
        paper = self.simulated("--preset", "paper")
        for line in ("32000 atoms at density 1.296, T = 0.41", "run 2500000 upto", "dump frames all custom 500 "):
            self.assertIn(line, paper)
        given = self.simulated("--preset", "paper", "--atoms", "2048", "--temperature", "0.48", "--hold", "3000", "--frame-interval", "2", "--cooling", "0")
        self.assertEqual(given, self.simulated())  # all that is usual, against the preset
        self.path("c.toml").write_text("preset = 'paper'\nhold = 3000\n")
        self.assertIn("run 375000 upto", self.simulated("--config", "c.toml"))
        self.path("all.toml").write_text(self.vitrum("md", "simulate", "--preset", "paper", "--show-config").stdout)
        self.assertEqual(self.simulated("--config", "all.toml"), paper)  # what a file says is not given is not
        self.refused("preset = 'poster': expected demo or paper", "md", "simulate", "--preset", "poster", "--dry-run", "-o", "glass", code=2)

    def begun(self, *flags):
        """A folder as a run leaves it: its settings, a trajectory, the checkpoint of step 1000."""
        shutil.rmtree(self.path("glass"), ignore_errors=True)
        self.path("lmp").write_text("#!/bin/sh\n: > glass.lammpstrj\nexit 0\n")
        self.path("lmp").chmod(0o755)
        self.vitrum("md", "simulate", *flags, "--lammps", "./lmp", "-o", "glass", "--quiet")
        mark = b"LammpS RestartT\0"
        step = np.int32(5).tobytes() + np.int64(1000).tobytes()
        self.path("glass/checkpoint.1").write_bytes(mark + bytes(8) + step + bytes(28) + mark)

    def test_resuming_knows_what_was_typed(self):
        self.begun(*self.SMALL)
        began = "glass/simulation.toml says that the run began with"
        resume = ("md", "simulate", "--resume", "--dry-run", "-o", "glass")
        for flag, value, then in (("temperature", "0.48", "0.8"), ("atoms", "2048", "864"), ("frame-interval", "2", "0.4"), ("seed", "2", "1"),
                                  ("model", "kob-andersen", "wahnstrom"), ("cut-off-kind", "plain", "pair-shifted"), ("density", "1.2", "1.296")):
            self.refused(f"--{flag} {value}: {began} {then}", *resume, f"--{flag}", value, code=2)  # also where that is usual
        self.refused("--preset demo: glass/simulation.toml says that the run began without", *resume, "--preset", "demo", code=2)
        self.refused("--cooling-scan: cannot be combined with --resume, a scan begins anew", *resume, "--cooling", "5", "--cooling-scan", "0.1", code=2)
        text = self.vitrum(*resume).stdout
        self.assertIn("temp 0.8 0.8 0.5", text)
        self.assertIn("run 2000 upto", text)
        self.assertEqual(self.vitrum(*resume, "--temperature", "0.8", "--atoms", "864", "--model", "wahnstrom").stdout, text)
        self.assertIn("run 375000 upto", self.vitrum(*resume, "--hold", "3000").stdout)  # the usual hold, given
        done = self.vitrum("md", "simulate", "--resume", "--hold", "4", "-o", "glass")
        self.assertIn("holds 8 tau already, nothing is left to do of 4", done.stderr)

        self.begun("--preset", "paper", "--temperature", "0.45")
        text = self.vitrum(*resume, "--preset", "paper").stdout
        self.assertIn("temp 0.45 0.45 0.5", text)
        self.assertIn("run 2500000 upto", text)
        self.assertIn("run 3750000 upto", self.vitrum(*resume, "--preset", "paper", "--hold", "30000").stdout)
        self.refused(f"--preset demo: {began} paper", *resume, "--preset", "demo", code=2)
        self.path("glass/simulation.toml").unlink()
        self.refused("glass/simulation.toml: not found: it would say how the run began that is to be resumed", *resume)

    def test_the_glass_transition_of_lines_and_of_none(self):
        """A cooling table of two lines that meet at 0.45, and a pressure without a kink."""
        self.path("lmp").write_text("#!/bin/sh\ncat > cooling.txt < ../table\n")
        self.path("lmp").chmod(0o755)
        t = 1.19 - 0.011 * np.arange(100)
        energy = 500 * (-6 + np.where(t < 0.45, 1.5, 2) * (t - 0.45))
        pressure = 3 + 12 * t + 0.01 * (-1) ** np.arange(100)
        self.path("table").write_text("".join(f"{750 * i} {a:.6f} {b:.6f} {c:.6f}\n" for i, (a, b, c) in enumerate(zip(t, energy, pressure))))
        scan = ("md", "simulate", "--atoms", "500", "--cut-off", "2", "--cooling-scan", "0.1", "--cooling", "63.9", "--lammps", "./lmp", "-o", "cool")
        done = self.vitrum(*scan, "--quiet")
        self.assertRegex(done.stdout, r"^cooled by 0\.0196 epsilon/tau\nTg from energy: 0\.45, between 0\.45 and 0\.45 by the ranges of the fit\n"
                                      r"Tg from pressure: none, the slopes \S+ and \S+ do not differ: no kink\ncool/cooling.txt\ncool/cooling.h5\n$")
        with h5py.File(self.path("cool/cooling.h5")) as result:
            group = result["entry/cooling"]
            self.assertAlmostEqual(group["energy_tg"][()], 0.45, delta=1e-4)
            self.assertAlmostEqual(group["rate"][()], 1.1 / (7000 * 0.008))
            self.assertNotIn("pressure_tg", group)
        self.vitrum("show", "cool/cooling.h5", "--figure", "cooling", "-o", "cooling.png")
        self.vitrum("report", "cool/cooling.h5", "-o", "page", "--quiet")
        self.assertIn("Glass transition on cooling", self.path("page/index.html").read_text())
        made = self.path("cool/cooling.h5").read_bytes()
        for again in (scan, ("md", "simulate", *self.SMALL[:-1], "--lammps", "./lmp", "-o", "cool")):
            self.refused("cool/cooling.txt: exists (use --overwrite to begin anew)", *again)
        self.path("cool/cooling.txt").unlink()
        self.refused("cool/cooling.h5: exists (use --overwrite to begin anew)", *scan)
        self.assertEqual(self.path("cool/cooling.h5").read_bytes(), made)
        self.vitrum(*scan, "--overwrite", "--quiet")

    @unittest.skipUnless(shutil.which("lmp"), "LAMMPS is not installed")
    def test_cooling_by_lammps(self):
        self.vitrum("md", "simulate", "--atoms", "500", "--cut-off", "2", "--cooling-scan", "0.1", "--cooling", "60", "-o", "cool", "--quiet")
        with h5py.File(self.path("cool/cooling.h5")) as result:
            temperature, energy = result["entry/cooling/temperature"][:], result["entry/cooling/energy"][:]
        self.vitrum("validate", "cool/cooling.h5")
        self.assert_documented("cool/cooling.h5")
        self.assertTrue((np.diff(temperature) <= 0).all())
        np.testing.assert_allclose(temperature, 1.2 - 0.011 * (np.arange(100) + 0.5), atol=0.1)
        glass, liquid = energy[temperature < 0.3].mean(), energy[temperature > 1].mean()
        self.assertTrue(1 < liquid - glass < 2, (glass, liquid))  # 3/2 for each epsilon and atom, and more above Tg

    def test_a_kill_ends_lammps(self):
        self.path("lmp").write_text("#!/bin/sh\necho $$ > ../pid\nexec sleep 60\n")
        self.path("lmp").chmod(0o755)
        run = subprocess.Popen([VITRUM, "md", "simulate", *self.SMALL, "--lammps", "./lmp", "-o", "glass"], cwd=self.folder.name)
        pid = self.path("pid")
        self.wait_for(lambda: pid.exists() and pid.read_text().strip())
        run.kill()
        run.wait()
        child = pathlib.Path(f"/proc/{pid.read_text().strip()}/cmdline")
        self.wait_for(lambda: not child.exists() or not child.read_bytes())

    def wait_for(self, happened):
        for _ in range(200):
            if happened():
                return
            time.sleep(0.05)
        self.fail("nothing happened within ten seconds")

    @unittest.skipUnless(shutil.which("lmp"), "LAMMPS is not installed")
    def test_errors_of_lammps_are_passed_on(self):
        self.path("lmp").write_text("#!/bin/sh\necho 'ERROR: Lost atoms: original 864 current 860'\nexit 3\n")
        self.path("lmp").chmod(0o755)
        done = self.vitrum("md", "simulate", *self.SMALL, "--lammps", "./lmp", "-o", "glass", code=1)
        self.assertEqual(done.stderr, "vitrum: glass/log.lammps: LAMMPS ended with status 3; its last lines:\n"
                                      "  ERROR: Lost atoms: original 864 current 860\n")


if __name__ == "__main__":
    vitrum_cli.main()
