// What virtual experiments write: frames, and the truth beside them.
#pragma once
#include <string>

#include "vitrum/app/commands.hpp"
#include "vitrum/core/tree.hpp"
#include "vitrum/io/frame_writer.hpp"

namespace vitrum::app {

/// "movie_truth.h5" for "movie.h5" and "_truth.h5".
[[nodiscard]] std::string beside(const std::string& path, const char* suffix);

/// "300 frames of 64 x 64, 2.5 MB uncompressed<how>\nwould write a.h5, a_truth.h5\n"
[[nodiscard]] std::string would_write(const frames::SeriesInfo& info,
                                      const std::string& how,
                                      const std::vector<std::string>& paths);

/// Lets the experiment write its frames, block by block.
template <class Experiment>
void write_frames(const Experiment& experiment, const OutputFlags& output, const Monitor& monitor) {
  io::FrameWriterOptions writing;
  writing.overwrite = output.overwrite;
  auto writer = io::make_frame_writer(output.output, experiment.info(), writing);
  experiment.generate(
      [&](Index first, Index count, const auto* counts) {
        writer->append(first, count, reinterpret_cast<const std::byte*>(counts));
      },
      monitor);
  writer->close();
}

/// A file of kind "truth". `config` is the settings in force.
void write_truth(const std::string& path,
                 const std::string& title,
                 Tree truth,
                 const std::string& config,
                 const Invocation& invocation,
                 bool overwrite);

} // namespace vitrum::app
