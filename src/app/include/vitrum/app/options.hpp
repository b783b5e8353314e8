// The settings that commands share, as plain structs, and the lists that turn them into flags and
// TOML. NaN and empty text mean "not given: taken from the file or found from the data".
#pragma once
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "vitrum/app/settings.hpp"
#include "vitrum/core/index.hpp"

namespace vitrum::app {

inline constexpr double not_given = std::numeric_limits<double>::quiet_NaN();

struct InputFlags {
  std::string frames = ":";            // range of frames to use
  double frame_time_s = not_given;     // overrides what the file says
  std::vector<std::string> bad_frames; // indices and ranges, of the whole file
  bool find_bad_frames = false;
  std::string format;    // name of a reader; "": by content
  std::string raw_shape; // "frames,height,width" of a raw file, or of a detector's events
  std::string raw_type = "uint16";
  Index raw_offset = 0;
  bool raw_big_endian = false;
  std::string pixel_order = "row-major"; // of Rigaku files
  Index first_frame = 0;                 // its number in Rigaku files
  bool missing_data_files = false;
};

struct GeometryFlags {
  double wavelength_angstrom = not_given;
  double energy_kev = not_given;
  double distance_m = not_given;
  double pixel_size_nm = not_given;
  double center_x_px = not_given;
  double center_y_px = not_given;
  double tilt_x_deg = not_given;
  double tilt_y_deg = not_given;
  double tilt_z_deg = not_given;
  double q_per_pixel = not_given; // flat q scale instead of a geometry
  std::string q_unit = "1/angstrom";
};

struct PartitionFlags {
  std::vector<std::string> masks;
  std::string partition;
  Index q_bins = 1;
  Index phi_sectors = 1;
  Index static_per_bin = 1;
  double q_min = not_given;
  double q_max = not_given;
  bool log_q = false;
  bool equal_pixels = false;
  double phi_start_deg = 0;
  bool friedel = false;
  bool find_hot = false;
  bool find_dead = false;
  double false_alarms = 0.1; // sound pixels reported per frame on average
};

struct CorrectionFlags {
  std::string dark;
  std::string flat;
  std::string static_correction = "none";
  Index polynomial_degree = 2;
  Index coarse_block_px = 8;
  double smooth_sigma_px = 4;
  std::string frame_normalization = "none";
};

struct CorrelationFlags {
  std::string normalization = "static-bin";
  std::string lags = "log";
  Index points_per_decade = 10;
  Index max_lag = 0; // frames; 0: as far as the series allows
  Index pixel_groups = 32;
  Index speckle_size_px = 4;
  bool keep_bias = false;
  std::string pixel_g2 = "none";
  std::string pixel_lags = "multi-tau";
  bool no_map = false;
  bool log_map = false;
  Index map_lags = 0; // frames; 0: all lags are stored
  std::string kernel = "auto";
};

struct AgeFlags {
  double window_s = 0;      // 0: a tenth of the series
  double window_step_s = 0; // 0: the length of a window
  std::string age = "start";
  std::string plateau = "measured";
  std::string baseline = "fitted";
};

struct DynamicsFlags {
  double event_false_alarms = 1e-3;           // expected in a series without events
  std::vector<std::string> aging_ranges;      // "first_s:last_s"; none: found
  std::vector<std::string> stationary_ranges; // the same, tested
  std::vector<std::string> coupling_ranges;   // the same, of plateau and mean time
  double plateau_slope_per_s = not_given;     // taken from g2(0, age); not given: its best line
  Index rolling_windows = 0;                  // of the coupling; 0: a tenth of the windows
  bool renewal = false;                       // fit the aging law of a continuous-time random walk
  double renewal_start_s = 0;                 // age of the first frame
  double renewal_kept = 0;                    // mean phase factor of a jump
};

struct FitFlags {
  std::vector<std::string> models = {"kww", "ml"};
  std::vector<std::string> fix;    // "baseline=1"
  std::vector<std::string> bounds; // "kww_exponent=0.2:3"
  bool unweighted = false;
  std::vector<std::string>
      share; // parameters with one value for all windows (age, xpcs) or bins (fit)
};

[[nodiscard]] inline FitFlags with_models(std::vector<std::string> models) {
  FitFlags flags;
  flags.models = std::move(models);
  return flags;
}

/// Which law of decay the data prefer.
struct CompareFlags {
  bool compare = false;
  std::vector<std::string> models = {"kww", "ml", "ml-squared", "kww2", "power-cutoff"};
  Index per_decade = 5; // bins of lag
  double level = 0.01;
  Index replicates = 200;
};

struct OutputFlags {
  std::string output;
  bool overwrite = false;
};

struct RunFlags {
  Index threads = 0;
  std::string memory = "16G";
  bool dry_run = false;
};

struct CheckpointFlags {
  bool resume = false;
  double every_s = 60;
  std::string shard; // "i/N": only this part of the work
  Index ranks = 1;   // processes that share the work, each with a shard; not a setting
};

/// Each appends its settings to the list; the list points into the struct.
void describe(InputFlags& flags, Settings& settings);
void describe(GeometryFlags& flags, Settings& settings);
void describe(PartitionFlags& flags, Settings& settings);
void describe(CorrectionFlags& flags, Settings& settings);
void describe(CorrelationFlags& flags, Settings& settings);
void describe(AgeFlags& flags, Settings& settings);
void describe(DynamicsFlags& flags, Settings& settings);
void describe(FitFlags& flags, Settings& settings);
void describe(CompareFlags& flags, Settings& settings);
void describe(OutputFlags& flags, Settings& settings);
void describe(RunFlags& flags, Settings& settings);
void describe(CheckpointFlags& flags, Settings& settings);
/// The setting `memory`, for the commands that keep to it.
void describe_memory(RunFlags& flags, Settings& settings);

} // namespace vitrum::app
