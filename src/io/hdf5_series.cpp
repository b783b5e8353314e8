// Series of frames in HDF5: one dataset, or several that follow each other, in one file or many.
#include <algorithm>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "hdf5_choose.hpp"
#include "hdf5_companion.hpp"
#include "hdf5_em_metadata.hpp"
#include "hdf5_metadata.hpp"
#include "npy_series.hpp"
#include "path.hpp"
#include "reader.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/data_files.hpp"

namespace vitrum::io {
namespace {

using frames::SeriesInfo;

class Hdf5Series final : public frames::FrameSource {
public:
  Hdf5Series(const std::string& path, const OpenOptions& options) {
    const h5::Lock lock;
    const auto [file_path, inside] = split_path(path);
    const h5::Handle file = h5::open_file(file_path);
    const auto choice = h5::choose_frames(file.get(),
                                          file_path,
                                          options.dataset.empty() ? inside : options.dataset,
                                          options.missing_data_files);
    for (const h5::Part& part : choice.parts)
      open_part(file, file_path, part, choice, options.decode_chunks);
    describe(file.get(), file_path, choice);
    sparse_ = stored_sparsely();
  }

  [[nodiscard]] bool sparse() const override { return sparse_; }

  [[nodiscard]] const SeriesInfo& info() const override { return info_; }

  void read(Index first, Index count, std::byte* out) override {
    if (first < 0 || count < 0 || first > info_.frames - count)
      throw OptionError(fmt::format("{}: frames {} to {}, expected within [0, {})",
                                    info_.path,
                                    first,
                                    first + count,
                                    info_.frames));
    for (Segment& segment : segments_) {
      const Index begin = std::max(first, segment.first);
      const Index end = std::min(first + count, segment.first + segment.count);
      if (begin < end)
        segment.data.read(begin - segment.first + segment.offset,
                          end - begin,
                          out + (begin - first) * info_.frame_bytes());
    }
  }

  void read_events(Index first,
                   Index count,
                   std::span<const std::uint8_t> used,
                   frames::EventList& out) override {
    const bool planes = std::all_of(
        segments_.begin(), segments_.end(), [](const Segment& s) { return s.data.reads_events(); });
    if (!planes)
      return FrameSource::read_events(first, count, used, out);
    check_frames(info_, first, count);
    out.clear();
    for (Segment& segment : segments_) {
      const Index begin = std::max(first, segment.first);
      const Index end = std::min(first + count, segment.first + segment.count);
      if (begin < end)
        segment.data.read_events(begin - segment.first + segment.offset, end - begin, used, out);
    }
  }

private:
  /// True when frames are so empty that events from the bit planes are the faster way: up to about
  /// one count in 25 pixels, as a sample of the stored sizes tells.
  [[nodiscard]] bool stored_sparsely() const {
    constexpr Index samples = 64, dense_share = 20;
    Index stored = 0, decoded = 0;
    for (Index k = 0; k < samples; ++k) {
      const Index frame = k * info_.frames / samples;
      const auto segment = std::find_if(segments_.begin(), segments_.end(), [&](const Segment& s) {
        return frame < s.first + s.count;
      });
      if (!segment->data.reads_events())
        return false;
      const auto [bytes, values] =
          segment->data.stored_bytes(frame - segment->first + segment->offset);
      stored += bytes;
      decoded += values;
    }
    return stored * dense_share < decoded;
  }

  struct Segment {
    h5::FrameDataset data;
    Index first; // in the series
    Index count;
    Index offset; // in the dataset
  };

  void open_part(const h5::Handle& master,
                 const std::string& master_path,
                 const h5::Part& part,
                 const h5::Choice& choice,
                 bool decode_chunks) {
    h5::Handle own;
    if (part.file != master_path)
      own = h5::open_file(part.file);
    auto dataset = h5::open_dataset(own ? own.get() : master.get(), part.file, part.dataset);
    const auto axes = choice.axes_known ? choice.axes : h5::frame_axes(dataset);
    if (choice.axes_known && dataset.dims.size() != 3)
      throw FormatError(part.file, part.dataset, h5::describe(dataset), "3-D [y, x, frame]");
    h5::FrameDataset data(std::move(dataset), axes, decode_chunks);
    const Index first = segments_.empty() ? 0 : segments_.back().first + segments_.back().count;
    const Index count = part.count < 0 ? data.frames() : part.count;
    if (part.first + count > data.frames())
      throw FormatError(part.file,
                        part.dataset,
                        fmt::format("{} frames", data.frames()),
                        fmt::format("at least {}", part.first + count));
    if (!segments_.empty()) {
      const auto& other = segments_.front().data;
      if (data.height() != other.height() || data.width() != other.width() ||
          data.type() != other.type())
        throw FormatError(part.file,
                          part.dataset,
                          h5::describe(data.dataset()),
                          fmt::format("frames [{}, {}] of {} as in {}",
                                      other.height(),
                                      other.width(),
                                      frames::name_of(other.type()),
                                      other.dataset().file));
    }
    segments_.push_back({std::move(data), first, count, part.first});
  }

  void describe(hid_t file, const std::string& path, const h5::Choice& choice) {
    const Segment& last = segments_.back();
    info_.path = fmt::format("{}::{}", path, choice.name);
    info_.format = "hdf5";
    info_.frames = last.first + last.count;
    info_.height = last.data.height();
    info_.width = last.data.width();
    info_.type = last.data.type();
    if (segments_.size() == 1 && last.offset == 0 && last.count == last.data.frames())
      info_.leading = last.data.leading();
    std::string filters;
    for (const Filter& filter : last.data.pipeline())
      filters +=
          fmt::format("{}{}",
                      filters.empty() ? "" : ", ",
                      filter.name.empty() ? fmt::format("filter {}", filter.id) : filter.name);
    info_.metadata.emplace_back("compression", filters.empty() ? "none" : filters);
    if (segments_.size() > 1)
      info_.metadata.emplace_back("datasets",
                                  fmt::format("{} that follow each other", segments_.size()));
    for (const auto& name : choice.passed_over)
      info_.metadata.emplace_back("not taken", name);
    info_.problems = choice.problems;
    h5::read_metadata(file, choice.name, info_);
    h5::read_em_metadata(file, choice.name, info_);
    if (choice.parts.size() == 1 && choice.parts[0].file != path) { // the data file may know more
      const h5::Handle data = h5::open_file(choice.parts[0].file);
      h5::read_metadata(data.get(), choice.parts[0].dataset, info_);
    }
    if (!(info_.frame_time_s > 0))
      read_companion(path, info_);
  }

  std::vector<Segment> segments_;
  SeriesInfo info_;
  bool sparse_ = false;
};

bool recognise(const Probe& probe) {
  // the signature may stand behind a user block of 512, 1024, … bytes
  static constexpr unsigned char signature[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  for (std::size_t at = 0; at + sizeof signature <= probe.head.size(); at = at == 0 ? 512 : 2 * at)
    if (std::memcmp(probe.head.data() + at, signature, sizeof signature) == 0)
      return true;
  return false;
}

} // namespace

std::vector<std::string> data_files(const std::string& path, const OpenOptions& options) {
  const auto [file_path, inside] = split_path(path);
  std::vector<std::string> files;
  if (!std::filesystem::is_regular_file(file_path) || H5Fis_hdf5(file_path.c_str()) <= 0)
    return files;
  const h5::Lock lock;
  const h5::Handle file = h5::open_file(file_path);
  const auto choice = h5::choose_frames(file.get(),
                                        file_path,
                                        options.dataset.empty() ? inside : options.dataset,
                                        options.missing_data_files);
  for (const h5::Part& part : choice.parts)
    if (part.file != file_path && std::find(files.begin(), files.end(), part.file) == files.end())
      files.push_back(part.file);
  return files;
}

Reader hdf5_reader() {
  return {[] {
            FormatDescription d;
            d.name = "hdf5";
            d.description = "HDF5 and NeXus: any dataset [frame, y, x]; DECTRIS and P10 masters, "
                            "Lambda, BLISS, 8-ID, Velox and Berkeley EMD, HyperSpy; "
                            "bitshuffle, LZ4, zstd, LZF, gzip without plug-ins";
            d.extensions = {"h5", "hdf5", "hdf", "nxs", "emd", "hspy"};
            d.recognised_by = "signature 89 48 44 46 0d 0a 1a 0a";
            d.reads_frames = d.writes_frames = d.reads_maps = d.writes_maps = d.reads_results =
                d.writes_results = true;
            return d;
          },
          recognise,
          [](const std::string& path,
             const OpenOptions& options) -> std::unique_ptr<frames::FrameSource> {
            return std::make_unique<Hdf5Series>(path, options);
          }};
}

} // namespace vitrum::io
