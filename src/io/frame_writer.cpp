#include "vitrum/io/frame_writer.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "bitshuffle.hpp"
#include "filters.hpp"
#include "hdf5_read.hpp"
#include "hdf5_tree.hpp"
#include "hdf5_write.hpp"
#include "npy_header.hpp"
#include "output_file.hpp"
#include "path.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io {
namespace {

using frames::SeriesInfo;

constexpr Index batch_bytes = Index{64} << 20;

void require_next(Index first, Index written, Index count) {
  if (first != written || count < 0)
    throw OptionError(
        fmt::format("frames {} to {} are appended after {} frames", first, first + count, written));
}

std::string text(const char* value) {
  return value;
}

/// What a detector's file says beside its frames.
Tree describe(const SeriesInfo& info) {
  Tree tree;
  tree.attributes = {
      {"NX_class", text("NXroot")}, {"default", text("entry")}, {"creator", text("vitrum")}};
  Tree& entry = tree.group("entry");
  entry.attributes = {{"NX_class", text("NXentry")}, {"default", text("data")}};
  Tree& data = tree.group("entry/data");
  data.attributes = {{"NX_class", text("NXdata")}, {"signal", text("data")}};
  tree.group("entry/instrument").attributes = {{"NX_class", text("NXinstrument")}};
  Tree& detector = tree.group("entry/instrument/detector");
  detector.attributes = {{"NX_class", text("NXdetector")}};
  const auto put = [](Tree& group, const char* name, double value, const char* units) {
    if (!std::isnan(value))
      group.set(name, make_scalar(value, units));
  };
  const auto& g = info.geometry;
  put(detector, "frame_time", info.frame_time_s, "s");
  put(detector, "count_time", info.exposure_s, "s");
  put(detector, "distance", g.distance_m, "m");
  put(detector, "x_pixel_size", g.pixel_size_x_m, "m");
  put(detector, "y_pixel_size", g.pixel_size_y_m, "m");
  put(detector, "beam_center_x", g.beam_center_x_px, "pixel");
  put(detector, "beam_center_y", g.beam_center_y_px, "pixel");
  if (!info.bad_pixels.empty()) {
    if (static_cast<Index>(info.bad_pixels.size()) != info.pixels())
      throw DataError(
          fmt::format("{} bad pixels for frames of {}", info.bad_pixels.size(), info.pixels()));
    detector.set(
        "pixel_mask",
        make_array({info.height, info.width},
                   std::vector<std::uint32_t>(info.bad_pixels.begin(), info.bad_pixels.end()),
                   ""));
  }
  if (g.wavelength_angstrom > 0) {
    Tree& beam = tree.group("entry/instrument/beam");
    beam.attributes = {{"NX_class", text("NXbeam")}};
    put(beam, "incident_wavelength", g.wavelength_angstrom, "angstrom");
  }
  if (info.scale.x > 0 && info.scale.y > 0 && !info.scale.unit.empty()) {
    Tree& axes = tree.group("entry/data"); // references do not outlast new groups
    axes.attributes["axes"] = std::vector<std::string>{".", "y", "x"};
    const auto axis = [&](Index n, double step) {
      std::vector<double> places;
      for (Index i = 0; i < n; ++i)
        places.push_back(static_cast<double>(i) * step);
      return make_array(std::move(places), info.scale.unit);
    };
    axes.set("y", axis(info.height, info.scale.y));
    axes.set("x", axis(info.width, info.scale.x));
  }
  return tree;
}

class Hdf5Writer final : public FrameWriter {
public:
  Hdf5Writer(const std::string& path, const SeriesInfo& info, const FrameWriterOptions& options)
      : output_(path, options.overwrite), info_(info), extra_(options.extra),
        compression_(options.compression) {
    const h5::Lock lock;
    const Tree facts = describe(info);
    file_ = h5::create_file(output_);
    const h5::Handle root(H5Gopen2(file_.get(), "/", H5P_DEFAULT));
    h5::write_group(root.get(), facts, nullptr, "", 1, path);
    const hsize_t none[] = {0, static_cast<hsize_t>(info.height), static_cast<hsize_t>(info.width)};
    const hsize_t most[] = {H5S_UNLIMITED, none[1], none[2]};
    const hsize_t chunk[] = {1, none[1], none[2]};
    const h5::Handle space(H5Screate_simple(3, none, most));
    const h5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
    H5Pset_chunk(creation.get(), 3, chunk);
    if (compression_ != FrameCompression::none) {
      const unsigned packing = compression_ == FrameCompression::bitshuffle_lz4 ? 2 : 3;
      const unsigned values[] = {
          0, 4, static_cast<unsigned>(frames::size_of(info.type)), 0, packing, 1};
      H5Pset_filter(
          creation.get(), filter_bitshuffle, H5Z_FLAG_MANDATORY, packing == 2 ? 5 : 6, values);
    }
    dataset_ = h5::Handle(H5Dcreate2(file_.get(),
                                     "/entry/data/data",
                                     h5::memory_type(info.type),
                                     space.get(),
                                     H5P_DEFAULT,
                                     creation.get(),
                                     H5P_DEFAULT));
    fail(!dataset_);
    h5::write_attribute(dataset_.get(), "interpretation", text("image"), path, "/entry/data/data");
    h5::write_attribute(dataset_.get(), "units", text("counts"), path, "/entry/data/data");
    if (!std::isnan(info.invalid_value))
      h5::write_attribute(
          dataset_.get(), "invalid_value", info.invalid_value, path, "/entry/data/data");
  }

  void append(Index first, Index count, const std::byte* data) override {
    if (closed_)
      throw OptionError(fmt::format("{}: closed already", output_.path()));
    require_next(first, written_, count);
    const Index bytes = info_.frame_bytes();
    const Index batch = std::max<Index>(batch_bytes / bytes, 1);
    for (Index at = 0; at < count; at += batch)
      write(data + at * bytes, std::min(batch, count - at));
  }

  [[nodiscard]] Index frames_written() const override { return written_; }

  void close() override {
    if (closed_)
      return;
    if (written_ == 0)
      throw DataError(fmt::format("{}: no frame was written", output_.path()));
    {
      const h5::Lock lock;
      dataset_.reset();
      if (!info_.timestamps_s.empty())
        write_times();
      const h5::Handle root(H5Gopen2(file_.get(), "/", H5P_DEFAULT));
      h5::write_group(root.get(), extra_, nullptr, "", 1, output_.path());
    }
    {
      const h5::Lock lock;
      h5::close_file(std::move(file_), output_);
    }
    output_.commit();
    closed_ = true;
  }

private:
  void fail(bool failed) const {
    if (failed)
      throw FileError(output_.path(),
                      fmt::format("/entry/data/data cannot be written: {}", h5::reason()));
  }

  void write(const std::byte* data, Index count) {
    const Index bytes = info_.frame_bytes();
    std::vector<std::vector<std::byte>> packed(static_cast<std::size_t>(count));
    if (compression_ != FrameCompression::none)
      parallel_for(0, count, 1, [&](Index begin, Index end) {
        for (Index i = begin; i < end; ++i)
          packed[static_cast<std::size_t>(i)] = encode_bitshuffle(
              {data + i * bytes, static_cast<std::size_t>(bytes)},
              frames::size_of(info_.type),
              0,
              compression_ == FrameCompression::bitshuffle_lz4 ? Packing::lz4 : Packing::zstd);
      });
    const h5::Lock lock;
    const hsize_t extent[] = {static_cast<hsize_t>(written_ + count),
                              static_cast<hsize_t>(info_.height),
                              static_cast<hsize_t>(info_.width)};
    fail(H5Dset_extent(dataset_.get(), extent) < 0);
    for (Index i = 0; i < count; ++i) {
      const hsize_t offset[] = {static_cast<hsize_t>(written_), 0, 0};
      const auto& chunk = packed[static_cast<std::size_t>(i)];
      const bool plain = compression_ == FrameCompression::none;
      fail(H5Dwrite_chunk(dataset_.get(),
                          H5P_DEFAULT,
                          0,
                          offset,
                          plain ? static_cast<std::size_t>(bytes) : chunk.size(),
                          plain ? data + i * bytes : chunk.data()) < 0);
      ++written_;
    }
    if (*output_.error() != 0)
      throw FileError(output_.path(), "cannot be written", *output_.error());
  }

  void write_times() {
    if (static_cast<Index>(info_.timestamps_s.size()) != written_)
      throw DataError(fmt::format(
          "{}: {} times for {} frames", output_.path(), info_.timestamps_s.size(), written_));
    const h5::Handle group(H5Gopen2(file_.get(), "/entry/data", H5P_DEFAULT));
    h5::write_array(group.get(),
                    "time",
                    make_array(info_.timestamps_s, "s"),
                    1,
                    output_.path(),
                    "/entry/data/time");
    h5::write_attribute(group.get(),
                        "axes",
                        std::vector<std::string>{"time", ".", "."},
                        output_.path(),
                        "/entry/data");
  }

  OutputFile output_;
  SeriesInfo info_;
  Tree extra_;
  FrameCompression compression_;
  h5::Handle file_, dataset_;
  Index written_ = 0;
  bool closed_ = false;
};

/// The header has a fixed size, so that the number of frames can be filled in at the end: it is
/// written once the frames are there.
class NpyWriter final : public FrameWriter {
public:
  NpyWriter(const std::string& path, const SeriesInfo& info, bool overwrite)
      : output_(path, overwrite), info_(info) {
    output_.write(header(0));
  }

  void append(Index first, Index count, const std::byte* data) override {
    if (closed_)
      throw OptionError(fmt::format("{}: closed already", output_.path()));
    require_next(first, written_, count);
    output_.write({data, static_cast<std::size_t>(count * info_.frame_bytes())});
    written_ += count;
  }

  [[nodiscard]] Index frames_written() const override { return written_; }

  void close() override {
    if (closed_)
      return;
    if (written_ == 0)
      throw DataError(fmt::format("{}: no frame was written", output_.path()));
    output_.write_at_start(header(written_));
    output_.commit();
    closed_ = true;
  }

private:
  [[nodiscard]] std::string header(Index frames) const {
    std::string text = make_npy_header(npy_descr(info_.type), {frames, info_.height, info_.width});
    // room for the longest number of frames; the blanks before the end of the line are free
    constexpr std::size_t fixed = 192;
    text.pop_back();
    text.append(fixed - text.size() - 1, ' ');
    text += '\n';
    text[8] = static_cast<char>((fixed - 10) & 0xFF);
    text[9] = static_cast<char>((fixed - 10) >> 8);
    return text;
  }

  OutputFile output_;
  SeriesInfo info_;
  Index written_ = 0;
  bool closed_ = false;
};

} // namespace

std::unique_ptr<FrameWriter> make_frame_writer(const std::string& path,
                                               const SeriesInfo& info,
                                               const FrameWriterOptions& options) {
  if (info.height < 1 || info.width < 1 || info.height > (Index{1} << 31) / info.width)
    throw OptionError(fmt::format(
        "{}: frames of {} × {} pixels cannot be written", path, info.height, info.width));
  const std::string extension = lower_extension(path);
  if (extension == "npy")
    return std::make_unique<NpyWriter>(path, info, options.overwrite);
  if (extension == "h5" || extension == "hdf5" || extension == "hdf" || extension == "nxs")
    return std::make_unique<Hdf5Writer>(path, info, options);
  throw OptionError(fmt::format("{}: frames are written as .h5, .hdf5, .nxs or .npy", path));
}

} // namespace vitrum::io
