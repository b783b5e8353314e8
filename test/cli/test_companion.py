"""Calorimetry, thickness by energy loss, pair distribution: virtual measurements with known truth, and bad input."""
import json

import h5py
import numpy as np

import vitrum_cli
from vitrum_cli import CliTest


def heat_flow(t, onset=401.0, width=3.0, step=0.45, tx=467.0, peak=474.0, enthalpy=60.0, rate=20.0, glass=True):
    """J/(g s), positive where heat is taken up; the tangents of a logistic step meet its lines two widths beside it, those of a
    Gaussian two of its deviations before the peak."""
    c = 0.4 + 4e-4 * (t - 300)
    if glass:
        c = c + step / (1 + np.exp(-(t - onset - 2 * width) / width))
    s = (peak - tx) / 2
    return rate / 60 * (c - enthalpy / (s * np.sqrt(2 * np.pi)) * np.exp(-0.5 * ((t - peak) / s) ** 2))


class Dsc(CliTest):
    def curve(self, name, text):
        self.path(name).write_bytes(text.encode("utf-8"))
        return name

    def table(self, name, rate=20.0, seed=1, noise=2e-3, header="Temp./°C;Time/min;DSC/(mW/mg)", sign=-1, kelvin=False, **kind):
        t = np.arange(250, 560, 0.25)
        rng = np.random.default_rng(seed)
        h = sign * heat_flow(t, rate=rate, **kind) + rng.normal(0, noise, t.size)
        rows = "\n".join(f"{a + 273.15 * kelvin:.3f};{(a - 250) / rate:.5f};{b:.6f}" for a, b in zip(t, h))
        return self.curve(name, f"#SAMPLE MASS /mg:;10.4\n##{header}\n{rows}\n")

    def test_the_numbers_of_the_paper(self):
        self.table("c.csv")
        done = self.vitrum("dsc", "c.csv", "--reduce", "275", "-o", "r.h5")
        self.assertIn("exotherms point up", done.stderr)
        result = self.scalars("r.h5")
        self.assertEqual(result["kind"], "dsc")
        scalars = result["scalars"]
        for name, truth in (("tg_onset_c", 401), ("tg_midpoint_c", 407), ("tx_onset_c", 467), ("tx_peak_c", 474),
                            ("cp_step_j_per_g_k", 0.45), ("tx_enthalpy_j_per_g", 60)):
            found = scalars[name]
            self.assertLess(abs(found["value"] - truth) / found["error"], 4, name)
            self.assertLess(found["error"], 0.02 * truth, name)
        self.assertAlmostEqual(scalars["reduced/275"]["value"], (275 + 273.15) / (401 + 273.15), 3)
        for figure in ("heat-flow",):
            self.vitrum("show", "r.h5", "--figure", figure, "-o", "f.png")
        self.vitrum("report", "r.h5", "-o", "report", "--quiet")
        page = self.path("report/index.html").read_text()
        for text in ("Heat flow", "tg_onset_c"):
            self.assertIn(text, page)
        self.vitrum("export", "r.h5", "-o", "tables")
        self.assertEqual(self.path("tables/heat_flow.csv").read_text().splitlines()[1], "curve,temperature_c,heat_flow")

    def test_other_spellings_give_the_same(self):
        self.table("a.csv")
        self.vitrum("dsc", "a.csv", "-o", "a.h5", "--quiet")
        t = np.arange(250, 560, 0.25)
        rng = np.random.default_rng(1)
        h = -heat_flow(t) + rng.normal(0, 2e-3, t.size)  # the same noise
        # mW and kelvin with decimal commas, exotherms stated, in UTF-16
        rows = "".join(f"{i}\t{(x - 250) * 3:.3f}\t{x + 273.15:.3f}\t{y * 10.4:.6f}\r\n".replace(".", ",") for i, (x, y) in enumerate(zip(t, h)))
        text = "Curve Name: ^exo\r\nSample weight: 10,4 mg\r\nIndex\tt\tTs\tValue\r\n[]\t[s]\t[K]\t[mW]\r\n" + rows
        self.path("b.txt").write_bytes(b"\xff\xfe" + text.encode("utf-16-le"))
        done = self.vitrum("dsc", "b.txt", "-o", "b.h5")
        self.assertNotIn("exotherms point", done.stderr)
        a, b = self.scalars("a.h5")["scalars"], self.scalars("b.h5")["scalars"]
        for name in ("tg_onset_c", "tx_onset_c", "tx_enthalpy_j_per_g", "cp_step_j_per_g_k"):
            self.assertAlmostEqual(a[name]["value"] / b[name]["value"], 1, 3, name)

    def test_kissinger(self):
        energy, rates, names = 300e3, (5.0, 10.0, 20.0, 40.0), []
        for k, rate in enumerate(rates):
            peak = 750.0
            for _ in range(200):  # rate/60/T² = 1e18 exp(−E/RT)
                peak = energy / 8.314462618 / np.log(1e18 * peak * peak / (rate / 60))
            c = peak - 273.15
            names.append(self.table(f"{k}.csv", rate=rate, seed=k, onset=c - 73, tx=c - 7, peak=c, noise=1e-3))
        self.vitrum("dsc", *names, "--exo", "up", "-o", "k.h5", "--quiet")
        scalars = self.scalars("k.h5")["scalars"]
        found = scalars["kissinger/peak_energy_kj_mol"]
        self.assertLess(abs(found["value"] - 300) / found["error"], 4)
        self.assertLess(found["error"], 10)
        self.assertIn("curve/4/tg_onset_c", scalars)
        self.vitrum("show", "k.h5", "--figure", "kissinger", "-o", "k.png")
        self.vitrum("show", "k.h5", "--figure", "heat-flow", "-o", "h.png")

    def test_without_a_glass_transition_there_is_no_number(self):
        self.table("n.csv", glass=False)
        done = self.vitrum("dsc", "n.csv", "--exo", "up", "-o", "n.h5")
        self.assertIn("no glass transition", done.stderr)
        scalars = self.scalars("n.h5")["scalars"]
        self.assertNotIn("tg_onset_c", scalars)
        self.assertIn("tx_onset_c", scalars)

    def test_bad_input(self):
        self.curve("text.csv", "nothing to see\nhere\n")
        self.refused("text.csv: no columns of numbers, expected lines of two numbers or more", "dsc", "text.csv", "-o", "r.h5")
        self.curve("two.csv", "1,2\n3,4\n")
        self.refused("two.csv: the unit of the temperature is not stated; give --temperature-unit C or K", "dsc", "two.csv", "-o", "r.h5")
        self.curve("three.csv", "a,b,c\n1,2,3\n3,4,5\n")
        self.refused("three.csv: which column is the temperature is not clear from 1 'a', 2 'b', 3 'c'; say so with --columns "
                     "temperature=N,heat-flow=N", "dsc", "three.csv", "-o", "r.h5")
        self.curve("cold.csv", "T [C],heat flow [W/g]\n" + "".join(f"{400 - i},{1}\n" for i in range(50)))
        self.refused("cold.csv: the temperature never rises by 10 K: no heating to analyse", "dsc", "cold.csv", "-o", "r.h5")
        self.table("c.csv")
        self.refused("--mass: 2 values for 1 curves, expected one or one for each", "dsc", "c.csv", "--mass", "1,2", "-o", "r.h5", code=2)
        self.refused("--glass 400:300: must begin before it ends", "dsc", "c.csv", "--glass", "400:300", "-o", "r.h5", code=2)


def low_loss(t_over_lambda, electrons=2e6, channels=1024, dispersion=0.2, offset=-20.0, seed=1):
    """Poisson counts of plural scattering, one loss after the free-electron law."""
    e = np.arange(channels) * dispersion
    ep, width = 17.0, 5.0
    single = e * width * ep**2 / ((e**2 - ep**2) ** 2 + (e * width) ** 2)
    single /= single.sum()
    beam = np.exp(-0.5 * ((np.arange(channels) + offset / dispersion) * dispersion / 0.4) ** 2)
    f = np.fft.fft(single, 4 * channels)
    spectrum = np.fft.ifft(np.fft.fft(beam / beam.sum(), 4 * channels) * np.exp(t_over_lambda * (f - 1))).real[:channels]
    return np.random.default_rng(seed).poisson(electrons * np.clip(spectrum, 0, None)).astype(np.float32)


class Thickness(CliTest):
    def test_log_ratio_in_all_containers(self):
        counts = low_loss(0.65)
        e = -20 + 0.2 * np.arange(counts.size)
        np.save(self.path("s.npy"), counts)
        self.path("s.csv").write_text("energy [eV],counts\n" + "".join(f"{a:.4f},{b:.0f}\n" for a, b in zip(e, counts)))
        self.path("s.msa").write_text("#FORMAT      : EMSA/MAS Spectral Data File\n#VERSION     : 1.0\n#XPERCHAN    : 0.2\n#OFFSET      : -20.0\n"
                                      "#XUNITS      : Energy Loss (eV)\n#DATATYPE    : Y\n#SPECTRUM    : Spectral Data Starts Here\n"
                                      + "".join(f"{b:.0f},\n" for b in counts) + "#ENDOFDATA   :\n")
        with h5py.File(self.path("s.hspy"), "w") as file:
            group = file.create_group("Experiments/eels")
            group["data"] = counts
            axis = group.create_group("axis-0")
            axis.attrs.update({"name": "Energy loss", "scale": 0.2, "offset": -20.0, "size": counts.size, "units": "eV", "navigate": False})
        found = {}
        for name, more in (("s.npy", ["--energy-per-channel", "0.2", "--energy-offset", "-20"]), ("s.csv", []), ("s.msa", []), ("s.hspy", [])):
            self.vitrum("thickness", name, *more, "--mean-free-path", "78", "-o", name + ".h5")
            found[name] = self.scalars(name + ".h5")["scalars"]
            for path, truth in (("t_over_lambda", 0.65), ("thickness_nm", 50.7)):
                one = found[name][path]
                self.assertLess(abs(one["value"] - truth), 3 * one["error"] + 0.01 * truth, name)
        for name in ("s.csv", "s.msa", "s.hspy"):
            self.assertAlmostEqual(found[name]["t_over_lambda"]["value"], found["s.npy"]["t_over_lambda"]["value"], 6)
        self.assertEqual(round(found["s.npy"]["thickness_nm"]["value"]), 51)
        self.vitrum("show", "s.csv.h5", "--figure", "spectrum", "-o", "s.png")
        self.vitrum("report", "s.csv.h5", "-o", "report", "--quiet")

    def test_a_map(self):
        image = np.stack([low_loss(0.3 + 0.02 * k, electrons=3e5, channels=600, seed=k) for k in range(24)]).reshape(4, 6, 600)
        image[1, 2] = 0
        np.save(self.path("m.npy"), image)
        done = self.vitrum("thickness", "m.npy", "--energy-per-channel", "0.2", "--energy-offset", "-20", "--pixel-size", "2", "-o", "m.h5")
        self.assertIn("1 of 24 spectra have no zero-loss peak; spectrum [1, 2]: no counts", done.stderr)
        scalars = self.scalars("m.h5")["scalars"]
        self.assertAlmostEqual(scalars["t_over_lambda"]["value"], 0.54, 1)
        with h5py.File(self.path("m.h5")) as file:
            found = file["entry/thickness_map/t_over_lambda"][:]
        truth = (0.3 + 0.02 * np.arange(24)).reshape(4, 6)
        truth[1, 2] = np.nan
        self.assertLess(np.nanmax(np.abs(found - truth)), 0.03)
        self.vitrum("show", "m.h5", "--figure", "thickness", "-o", "m.png")
        self.vitrum("export", "m.h5", "-o", "tables")
        self.assertEqual(len(self.path("tables/thickness_map.csv").read_text().splitlines()), 25)

    def test_spectra_without_zero_loss_are_refused(self):
        np.save(self.path("s.npy"), low_loss(0.65))
        self.refused("s.npy: does not say how many eV a channel has; give --energy-per-channel", "thickness", "s.npy", "-o", "t.h5", code=2)
        core = np.random.default_rng(1).poisson(1e4 * (1 + np.arange(800) / 300.0) ** -3).astype(np.float32)
        np.save(self.path("core.npy"), core)
        self.refused("core.npy: no zero-loss peak: the counts fall from the first channel on: no peak",
                     "thickness", "core.npy", "--energy-per-channel", "0.5", "-o", "t.h5")
        self.path("bad.msa").write_text("#FORMAT : EMSA/MAS Spectral Data File\n#SPECTRUM :\n1,2,x,4\n#ENDOFDATA :\n")
        self.refused("bad.msa:line 3: 'x', expected numbers of a spectrum", "thickness", "bad.msa", "-o", "t.h5")


def percus_yevick(q, eta):
    """Structure factor of hard spheres of diameter 1."""
    a = (1 + 2 * eta) ** 2 / (1 - eta) ** 4
    b = -6 * eta * (1 + eta / 2) ** 2 / (1 - eta) ** 4
    r = np.linspace(0, 1, 4001)
    f = (a + b * r + eta * a / 2 * r**3) * 4 * np.pi * r**2
    c = np.array([np.trapz(f * np.sinc(one * r / np.pi), r) for one in q])
    return 1 / (1 + 6 * eta / np.pi * c)


class Pdf(CliTest):
    def structure(self, diameter=2.7, eta=0.45, q_max=25.0):
        q = np.arange(0.3, q_max, 0.02)
        return q, percus_yevick(q * diameter, eta), 6 * eta / np.pi / diameter**3

    def test_hard_spheres(self):
        q, s, density = self.structure()
        self.path("s.csv").write_text("q [1/A],S,error\n" + "".join(f"{a:.4f},{b:.8f},0.0005\n" for a, b in zip(q, s)))
        self.vitrum("pdf", "s.csv", "-o", "r.h5")
        scalars = self.scalars("r.h5")["scalars"]
        found = scalars["density_inv_angstrom3"]
        self.assertLess(abs(found["value"] / density - 1), 0.03)
        self.assertLess(abs(scalars["shell/1/distance_angstrom"]["value"] - 2.78), 0.1)
        peak = scalars["first_peak/q_inv_angstrom"]["value"]
        self.assertAlmostEqual(scalars["first_peak/bessel_distance_angstrom"]["value"] * peak, 7.7253, 3)
        self.assertAlmostEqual(scalars["first_peak/five_pi_over_2q_angstrom"]["value"] * peak, 7.8540, 3)
        self.vitrum("show", "r.h5", "--figure", "pdf", "-o", "p.png")
        self.vitrum("report", "r.h5", "-o", "report", "--quiet")
        self.vitrum("export", "r.h5", "-o", "tables")
        self.assertTrue(self.path("tables/pair_distribution.csv").read_text().startswith("r_angstrom,reduced"))

    def test_normalisation_with_form_factors_and_background(self):
        # an intensity of one element made from its own form factors: what vitrum itself tabulates comes back by scaling S = 1
        q, s, density = self.structure(q_max=16.0)
        self.path("s.csv").write_text("q,I\n" + "".join(f"{a:.4f},{b:.8f}\n" for a, b in zip(q, np.ones_like(q))))
        self.vitrum("pdf", "s.csv", "--composition", "Cu", "-o", "f.h5", "--quiet")
        with h5py.File(self.path("f.h5")) as file:
            f2 = file["entry/scattering/mean_square_form_factor"][:]
        self.assertAlmostEqual(np.sqrt(f2[0]), 28.6, 0)  # electrons of copper, almost forward
        back = 50 + 3 * q
        self.path("b.csv").write_text("q,I\n" + "".join(f"{a:.4f},{b:.8f}\n" for a, b in zip(q, back)))
        self.path("i.csv").write_text("q,I\n" + "".join(f"{a:.4f},{b:.8f}\n" for a, b in zip(q, 7 * f2 * s + back)))
        self.vitrum("pdf", "i.csv", "--composition", "Cu", "--background", "b.csv", "--density", density, "-o", "r.h5", "--quiet")
        scalars = self.scalars("r.h5")["scalars"]
        self.assertAlmostEqual(scalars["scale"]["value"] * 7, 1, 2)
        with h5py.File(self.path("r.h5")) as file:
            self.assertLess(np.abs(file["entry/structure_factor/s"][:] - s).max(), 0.02)

    def test_patterns(self):
        q, s, density = self.structure(q_max=14.0)
        y, x = np.mgrid[:161, :161]
        radius = np.hypot(y - 80, x - 80) * 0.1
        image = np.interp(radius, q, s) * 1000
        self.write_npy("p.npy", np.random.default_rng(1).poisson(image, (3, 161, 161)).astype(np.uint16))
        self.refused("p.npy: q of the pixels is not known; give the geometry or --q-per-pixel with the centre", "pdf", "p.npy", "--composition", "Cu",
                     "-o", "r.h5", code=2)
        self.vitrum("pdf", "p.npy", "--q-per-pixel", "0.1", "--center-x", "80", "--center-y", "80", "--composition", "Cu", "--rings", "110", "--q-max", "7.9",
                    "--frame-time", "1", "-o", "r.h5", "--quiet")
        self.assertEqual(self.scalars("r.h5")["kind"], "pdf")

    def test_bad_input(self):
        self.path("s.csv").write_text("q,S\n" + "".join(f"{0.1 * (k % 30)},1\n" for k in range(60)))
        self.refused("s.csv: row 31 of I(q): q 0 after 2.9, expected ascending q", "pdf", "s.csv", "-o", "r.h5")
        self.refused("composition 'Zr50Qq': 'Qq' is no element, expected symbols with parts, Zr50Cu50", "pdf", "s.csv", "--composition", "Zr50Qq", "-o",
                     "r.h5", code=2)
        self.refused("window 'hann': expected lorch or step", "pdf", "s.csv", "--window", "hann", "-o", "r.h5", code=2)


if __name__ == "__main__":
    vitrum_cli.main()
