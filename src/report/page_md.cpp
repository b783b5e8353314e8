#include "page_sections.hpp"

#include "vitrum/report/md_figures.hpp"

namespace vitrum::report {

std::vector<PageSection> md_sections(const Tree& root) {
  std::vector<PageSection> out;
  if (root.find_group("entry/cooling") != nullptr)
    out.push_back(
        {"cooling",
         "Glass transition on cooling",
         {{make_cooling_figure(root),
           "cooling",
           "Energy and pressure while the liquid is cooled at constant density; lines of "
           "glass and liquid, each fitted away from the transition, meet at Tg; in brackets: by "
           "the ranges that the lines are fitted in, which is no error.",
           {}}},
         "cooling"});
  if (root.find_group("entry/pair_distribution") != nullptr)
    out.push_back(
        {"structure",
         "Structure",
         {{make_structure_figure(root),
           "structure",
           "Left: static structure factor and its partials. Right: pair distribution and its "
           "partials. Dashed: first peaks. Below: radical Voronoi cells and Frank–Kasper atoms.",
           {{"structure.csv", csv_atom_structure(root)},
            {"pair_distribution.csv", csv_atom_pairs(root)}}}},
         "voronoi"});
  const auto windows = make_windows_figure(root); // none without maps
  if (root.find_group("entry/waiting") != nullptr)
    out.push_back(
        {"waiting",
         "Speckle and waiting times",
         {{windows,
           "windows",
           "A shell of the first peak, a slice through it and a spot on it. Top: two-time "
           "correlation. Middle: contrast of the speckles against time. Bottom: g₂. Few speckles "
           "fluctuate more.",
           {}},
          {windows ? std::optional<plot::Figure>() : make_speckle_figure(root),
           "speckle",
           "Contrast of the speckles of a shell of the first peak, of a slice through it and of a "
           "spot on it: few speckles fluctuate.",
           {}},
          {make_waiting_figure(root),
           "waiting",
           "Left: density of the times that atoms wait before they move by a bond length, with "
           "what the end of the run cut off taken into account; exchange times run from one move "
           "to the next, persistence times from a fixed instant. Right: exponent of the power law "
           "against its lower cut-off: a law is one where it settles.",
           {{"waiting.csv", csv_waiting(root)}}}},
         "waiting"});
  if (root.find_group("entry/hops") != nullptr)
    out.push_back(
        {"hops",
         "Hops of atoms",
         {{make_hop_figure(root),
           "hops",
           "Left: lengths of the hops of atoms out of their cages. Middle: times between hops of "
           "one "
           "atom, with what the end of the run cut off taken into account. Right: hops per atom "
           "against time; the dispersion is 1 for atoms that hop on their own, and more where hops "
           "come in avalanches.",
           {{"hop_rate.csv", csv_hop_rate(root)}}}},
         "hops"});
  if (root.find_group("entry/motion") != nullptr)
    out.push_back(
        {"motion",
         "Motion and order",
         {{make_motion_figure(root),
           "motion",
           "Mean square displacement, non-Gaussian parameter, self-intermediate scattering "
           "function at the first peak, and four-point susceptibility of the overlap; errors by "
           "blocks of origins.",
           {{"motion.csv", csv_motion(root)}}},
          {make_van_hove_figure(root),
           "van_hove",
           "Density of displacements after several lags: a second hump near the bond length is "
           "hopping.",
           {}},
          {make_order_figure(root),
           "order",
           "Left: atoms that take each other's places, of the most mobile ones over the lag at "
           "which motion is most heterogeneous. Right: atoms in icosahedral and Frank–Kasper "
           "surroundings.",
           {}},
          {make_mobility_figure(root),
           "mobility",
           "A slab of the box, seen along its third edge: how far atoms move over the lag at which "
           "motion is most heterogeneous, and the share of icosahedral and Frank–Kasper atoms "
           "before, both smoothed; dots: the most mobile atoms of the slab. Below: the correlation "
           "of the two maps, and the mean square displacement of such atoms against others of the "
           "same species.",
           {}}},
         "order"});
  if (root.find_group("entry/fem_model") != nullptr)
    out.push_back(
        {"fem",
         "Fluctuation microscopy of the same atoms",
         {{make_md_fem_figure(root),
           "model_variance",
           "Normalised variance that electron probes would see of the last frame, in many "
           "orientations: kinematic diffraction, variance of annular means; bands: "
           "standard errors by a bootstrap over orientations.",
           {}}},
         "fem_model"});
  return out;
}

} // namespace vitrum::report
