#include "vitrum/app/command_table.hpp"

#include "vitrum/app/companion.hpp"
#include "vitrum/app/ecm.hpp"
#include "vitrum/app/fem.hpp"
#include "vitrum/app/md.hpp"

namespace vitrum::app {
namespace {

std::vector<Command> make_commands() {
  return {
      {"info",
       "what is in a file, and what is wrong with it",
       "FILE",
       1,
       1000,
       "vitrum info scan_0012_master.h5\nvitrum info movie.h5::/entry/data/data --scan",
       session_of(run_info)},
      {"formats",
       "table of what is read and written",
       "",
       0,
       0,
       "vitrum formats",
       session_of(run_formats)},
      {"demo",
       "virtual experiment with known truth, analysed from frames to report",
       "",
       0,
       0,
       "vitrum demo -o demo",
       session_of(run_demo)},
      {"synth xpcs",
       "virtual experiment with known truth",
       "",
       0,
       0,
       "vitrum synth xpcs --frames 4000 --tau 50 --exponent 0.7 --counts 0.5 -o virtual.h5",
       session_of(run_synth_xpcs)},
      {"synth ctrw",
       "movie of random walkers that age, with an exact two-time truth",
       "",
       0,
       0,
       "vitrum synth ctrw --frames 1000 --tau 10 --exponent 0.45 -o walkers.h5",
       session_of(run_synth_ctrw)},
      {"synth ecm",
       "virtual dark-field series with a known map of relaxation times",
       "",
       0,
       0,
       "vitrum synth ecm --frames 2000 --tau 200 --tau-log-sigma 0.4 --drift 6 -o movie.h5",
       session_of(run_synth_ecm)},
      {"synth fem",
       "virtual diffraction patterns with a known variance",
       "",
       0,
       0,
       "vitrum synth fem --probe-size 0.8,1.3,2.1,3.4,5 --length 1.3 -o glass.h5",
       session_of(run_synth_fem)},
      {"mask",
       "make a mask of the pixels to use",
       "SERIES",
       1,
       1,
       "vitrum mask scan.h5 --disc 512:514:30 --find-hot -o mask.npy --figure mask.png",
       session_of(run_mask)},
      {"partition",
       "make q rings and sectors",
       "SERIES",
       1,
       1,
       "vitrum partition scan.h5 --mask mask.npy --q-bins 8 --static-per-bin 5 -o qmap.h5",
       session_of(run_partition)},
      {"xpcs",
       "frames to C(t1,t2), g2, aging and fits",
       "SERIES",
       1,
       1,
       "vitrum xpcs scan.h5 --mask mask.npy --partition qmap.h5 -o result.h5\n"
       "vitrum xpcs movie.h5::/movie --frame-time 2 --models kww,ml,ml-squared -o result.h5",
       session_of(run_xpcs)},
      {"merge",
       "the parts of one analysis, made with vitrum xpcs --shard, to its result",
       "PART",
       1,
       100000,
       "vitrum xpcs scan.h5 --shard 1/2 -o part_1.h5\nvitrum xpcs scan.h5 --shard 2/2 -o "
       "part_2.h5\n"
       "vitrum merge part_1.h5 part_2.h5 -o result.h5",
       session_of(run_merge)},
      {"ecm",
       "dark-field series to drift, g2 and maps of the relaxation time",
       "SERIES",
       1,
       1,
       "vitrum ecm movie.mrc --frame-time 2 --pixel-size 0.1 -o maps.h5",
       session_of(run_ecm)},
      {"dsc",
       "heat-flow curves to glass transition, crystallisation and Kissinger energies",
       "CURVE",
       1,
       100,
       "vitrum dsc as_cast.txt --mass 10.4 -o dsc.h5\n"
       "vitrum dsc 5.csv 10.csv 20.csv 40.csv --heating-rate 5,10,20,40 -o kissinger.h5",
       session_of(run_dsc)},
      {"thickness",
       "low-loss spectra to t/lambda and thickness by the log-ratio",
       "SPECTRUM",
       1,
       1,
       "vitrum thickness low_loss.dm4 --mean-free-path 78 -o thickness.h5\n"
       "vitrum thickness image.npy --energy-per-channel 0.1 -o map.h5",
       session_of(run_thickness)},
      {"pdf",
       "diffraction to S(q), G(r), first shell and coordination",
       "INTENSITY",
       1,
       1,
       "vitrum pdf iq.csv --composition Zr50Cu50 --q-max 14 --r-poly 0.9 -o pdf.h5\n"
       "vitrum pdf patterns.mrc --q-per-pixel 0.02 --composition Zr50Cu50 --radiation electron -o "
       "pdf.h5",
       session_of(run_pdf)},
      {"ecm-stem",
       "repeated scans of diffraction patterns to maps of the relaxation time for each ring",
       "SERIES",
       1,
       1,
       "vitrum ecm-stem patterns.h5 --scan 32,32 --scan-time 8 --center 63.5,63.5 --k-per-pixel "
       "0.08 --k-range 3.6,4.8 --rings 4 -o maps.h5",
       session_of(run_ecm_stem)},
      {"ecm-series",
       "results of vitrum ecm at several temperatures or doses as one table",
       "RESULT",
       1,
       1000,
       "vitrum ecm-series rt.h5 t100.h5 t150.h5 --values 25,100,150 -o heating.h5\n"
       "vitrum ecm-series low.h5 high.h5 --values 1.5e5,4.4e5 --quantity 'dose rate' --unit "
       "'e/(nm^2 s)' -o dose.h5",
       session_of(run_ecm_series)},
      {"md simulate",
       "make a glass by molecular dynamics, with LAMMPS",
       "",
       0,
       0,
       "vitrum md simulate --preset demo --ranks 2 -o glass",
       session_of(run_md_simulate)},
      {"md analyze",
       "trajectory of atoms to structure, simulated scattering and waiting times",
       "TRAJECTORY",
       1,
       1,
       "vitrum md analyze glass.lammpstrj.zst --time-step 0.005 -o glass.h5\n"
       "vitrum md analyze inherent.data --radii 0.55,0.45 -o structure.h5",
       session_of(run_md_analyze)},
      {"md frames",
       "trajectory of atoms to the movie that a detector would take",
       "TRAJECTORY",
       1,
       1,
       "vitrum md frames glass.lammpstrj --time-step 0.005 -o movie.h5",
       session_of(run_md_frames)},
      {"fem",
       "diffraction patterns to normalised variance, peaks and correlation lengths",
       "PATTERNS",
       0,
       1000,
       "vitrum fem scan.dm4 --gain 4.7 -o order.h5\n"
       "vitrum fem r08.h5 r13.h5 r20.h5 --probe-size 0.8,1.3,2.0 --known-ring 4.27 -o order.h5",
       session_of(run_fem)},
      {"xsvs",
       "photon statistics: speckle contrast against exposure",
       "SERIES",
       1,
       1,
       "vitrum xsvs scan.h5 --mask mask.npy --partition qmap.h5 -o contrast.h5\n"
       "vitrum xsvs movie.h5::/movie --frame-time 2 --exposure 0.5 --models exp,kww -o contrast.h5",
       session_of(run_xsvs)},
      {"age",
       "other age windows from the two-time maps of a result",
       "RESULT",
       1,
       1,
       "vitrum age result.h5 --window 1000 --window-step 500 --age mid -o aged.h5\n"
       "vitrum age map.npy --frame-time 1 --window 1 --age mid --lags linear --models kww "
       "--unweighted -o aged.h5",
       session_of(run_age)},
      {"stitch",
       "two-time maps of consecutive parts as one, with what shows at the seams",
       "PART",
       1,
       1000,
       "vitrum stitch part1.h5 part2.h5 part3.h5 -o whole.h5\n"
       "vitrum stitch a.npy b.npy --starts 0,800 --frame-time 0.5 -o whole.h5",
       session_of(run_stitch)},
      {"fit",
       "other models for the g2 of a result or a table",
       "RESULT",
       1,
       1,
       "vitrum fit result.h5 --models kww,ml,kww2 --fix baseline=1 -o fitted.h5\n"
       "vitrum fit g2.csv --models kww -o fitted.h5",
       session_of(run_fit)},
      {"show",
       "every scalar result with its error and unit, or one figure",
       "RESULT",
       1,
       1,
       "vitrum show result.h5\nvitrum show result.h5 --json\n"
       "vitrum show result.h5 --figure two-time --bin 2 -o map.png",
       session_of(run_show)},
      {"validate",
       "whether results keep what their layout promises",
       "RESULT",
       1,
       1000,
       "vitrum validate result.h5",
       session_of(run_validate)},
      {"export",
       "write a result in another layout",
       "RESULT",
       1,
       1,
       "vitrum export result.h5 --format csv -o tables\nvitrum export result.h5 --format 8id -o "
       "aps.hdf",
       session_of(run_export)},
      {"report",
       "one page with every figure and number",
       "RESULT",
       1,
       1,
       "vitrum report result.h5 -o report",
       session_of(run_report)},
  };
}

std::vector<Command>& table() {
  static std::vector<Command> all = make_commands();
  return all;
}

} // namespace

const std::vector<Command>& commands() {
  return table();
}

void add_command(Command command) {
  table().push_back(std::move(command));
}

} // namespace vitrum::app
