// The windows of a simulation as bins of scattering: two-time maps, g2, windows of age and fits by
// the stages of xpcs.
#pragma once
#include <memory>

#include "md_run.hpp"
#include "two_time_job.hpp"
#include "vitrum/core/tree.hpp"
#include "xpcs_bins.hpp"

namespace vitrum::app {

class MdTwoTime {
public:
  /// Bins 1, 2, 3 are the windows of the run.
  MdTwoTime(MdRun& run, const MdAnalyzeOptions& options, const Monitor& monitor);
  /// entry/bins, g2, fit, window, twotime and what follows from them.
  void add(Tree& tree, const Monitor& monitor);
  void finish(const Tree& tree) { job_->finish(tree); }

private:
  XpcsPlan plan_;
  std::unique_ptr<TwoTimeJob> job_;
  Correlated done_;
};

/// Times and inverse lengths carry the units of the simulation, though names of the stages of xpcs
/// end in _s and _inv_angstrom.
void name_units(Tree& tree, const MdRun& run);

} // namespace vitrum::app
