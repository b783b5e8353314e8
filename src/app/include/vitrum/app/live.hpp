// Series while they are measured: following a stream or a growing file, and sending a series as a
// detector would.
#pragma once
#include <string>
#include <vector>

#include "vitrum/app/commands.hpp"

namespace vitrum::app {

struct LiveOptions {
  std::vector<std::string> inputs; // tcp://HOST:PORT, or a file or folder that grows
  InputFlags input;
  Index frames = 0;    // to expect; 0: as the detector says, or not known
  double wait_s = 60;  // for the first frame
  double idle_s = 60;  // without a frame until the series is taken as ended
  Index window = 256;  // images that wait for one that is missing
  std::string channel; // of a stream with several; "": the first
  GeometryFlags geometry;
  PartitionFlags partition;
  std::string normalization = "static-bin";
  Index cells = 2016; // of the map at most
  Index pixel_groups = 32;
  Index speckle_size_px = 4;
  FitFlags fit;
  double update_s = 5; // from one writing of the result to the next
  OutputFlags output;
  RunFlags run;
};
[[nodiscard]] Settings describe(LiveOptions& options);
/// Correlates frames as they come and keeps the result file up to date. Ctrl-C ends the series.
/// Returns a summary.
[[nodiscard]] std::string run_live(LiveOptions options, const Invocation&, const Monitor&);

struct ReplayOptions {
  std::vector<std::string> inputs; // one series
  InputFlags input;
  std::string to;              // "tcp://127.0.0.1:31001"
  std::string protocol = "v2"; // v1 | v2
  double rate = 0;             // frames per second; 0: as fast as they are taken
  std::string compression = "bslz4";
  double wait_s = 60;            // for a receiver
  std::vector<std::string> drop; // frames that are not sent: indices and ranges
  Index disorder = 0;            // frames that are sent in reverse, block by block
  RunFlags run;
};
[[nodiscard]] Settings describe(ReplayOptions& options);
/// Sends a series as a DECTRIS detector does. Returns how many frames went at what rate.
[[nodiscard]] std::string run_replay(ReplayOptions options, const Invocation&, const Monitor&);

} // namespace vitrum::app
