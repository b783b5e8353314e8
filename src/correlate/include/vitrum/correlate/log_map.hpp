// The two-time map in memory linear in the number of frames: the lag axis logarithmic, the age axis
// following it.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/correlate/two_time.hpp"

namespace vitrum::correlate {

struct LogMapOptions {
  Index per_decade = 5; // bins of lag per decade
  Index max_lag = 0;    // in frames; 0: all that the series allows
};

void validate(const LogMapOptions& options);

/// Lags [first_lag, last_lag) against age. Cell j holds the pairs of frames whose earlier one lies
/// in [j · age_width, (j + 1) · age_width); age_width is the number of lags, so that a cell is as
/// wide in age as in lag.
struct LogMapRow {
  Index first_lag = 0, last_lag = 0;
  Index age_width = 1;
  std::vector<double> value; // [cell]: mean of C(t1,t2) over the valid pairs; NaN without any
  std::vector<double> error; // its standard error from groups of pixels; NaN without groups
  std::vector<Index> pairs;  // pairs of frames
};

struct LogMap {
  Index frames = 0;
  std::vector<LogMapRow> rows; // with ascending lag
  Index error_groups = 0;      // 0: no errors
  std::string reason;          // why there are none
};

/// Sums of the map over tiles. A value is the mean of C over single pairs of frames at every lag; C
/// is never made of summed frames, which would be another quantity when the intensity or C changes
/// within a cell. Errors: the infinitesimal jackknife over groups of pixels as in
/// OneTimeAccumulator, without its search for what all pixels share. The bias of finitely many
/// pixels stays in (see bias.hpp).
class LogMapAccumulator final : public TileConsumer {
public:
  /// Keeps a reference to the kernel. Throws OptionError when the sums need more than 4 GiB.
  explicit LogMapAccumulator(const TileKernel& kernel, const LogMapOptions& options = {});
  ~LogMapAccumulator() override;

  [[nodiscard]] bool wants_groups() const override;
  [[nodiscard]] std::unique_ptr<Scratch> make_scratch() const override;
  void begin(Scratch* scratch, const Tile& tile) override;
  void add_group(Scratch* scratch, Index group, const Tile& sums) override;
  void add(Scratch* scratch, const Tile& tile) override;
  void fold(Scratch* scratch) override;

  /// The sums over the tiles so far, to be stored, and sums over other tiles, to be added, as in
  /// OneTimeAccumulator.
  [[nodiscard]] std::vector<Index> sums() const;
  void add_sums(std::span<const Index> packed);

  /// The map, once all tiles are in.
  [[nodiscard]] LogMap result() const;

private:
  struct State;
  std::unique_ptr<State> state_;
};

} // namespace vitrum::correlate
