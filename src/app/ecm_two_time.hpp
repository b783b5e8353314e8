// The two-time map of the image, its g2 and windows of age, as for a bin of scattering.
#pragma once
#include <memory>

#include "ecm_run.hpp"
#include "two_time_job.hpp"
#include "vitrum/core/tree.hpp"
#include "xpcs_bins.hpp"

namespace vitrum::app {

class EcmTwoTime {
public:
  /// Correlates every `thin`-th pixel, as many as `memory_bytes` holds.
  EcmTwoTime(EcmRun& run, const EcmOptions& options, Index memory_bytes, const Monitor& monitor);

  [[nodiscard]] const correlate::OneTime& g2() const { return done_.whole.at(0); }
  [[nodiscard]] Index thin() const { return thin_; }
  /// entry/twotime, window, stationarity, segment, event.
  void add(Tree& tree, const Monitor& monitor);
  void finish(const Tree& tree) { job_->finish(tree); }

private:
  XpcsPlan plan_;
  Index thin_ = 1;
  std::unique_ptr<TwoTimeJob> job_;
  Correlated done_;
};

} // namespace vitrum::app
