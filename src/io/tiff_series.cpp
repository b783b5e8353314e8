// Series of frames in TIFF: a stack, or a folder of files in numeric order of their names.
#include <algorithm>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "npy_series.hpp"
#include "path.hpp"
#include "reader.hpp"
#include "tiff_pages.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

/// ImageJ keeps signed 16-bit values as unsigned ones plus 32768.
void subtract_offset(std::byte* data, Index count) {
  for (Index i = 0; i < count; ++i) {
    std::uint16_t stored = 0;
    std::memcpy(&stored, data + 2 * i, 2);
    stored = static_cast<std::uint16_t>(stored ^ 0x8000U); // − 32768 as int16
    std::memcpy(data + 2 * i, &stored, 2);
  }
}

class TiffSeries final : public frames::FrameSource {
public:
  TiffSeries(const std::string& path, std::vector<std::string> files, bool signed_offset)
      : files_(std::move(files)), signed_offset_(signed_offset) {
    info_.path = path;
    info_.format = files_.size() > 1 || files_[0] != path ? "tiff-folder" : "tiff";
    for (std::size_t i = 0; i < files_.size(); ++i)
      add(i);
    if (signed_offset_) {
      if (info_.type != frames::PixelType::u16)
        throw FormatError(path,
                          "",
                          fmt::format("pixels of {}", frames::name_of(info_.type)),
                          "uint16 where signed values are kept plus 32768");
      info_.type = frames::PixelType::i16;
    }
    if (auto problem = missing_numbers(files_); !problem.empty())
      info_.problems.push_back(std::move(problem));
    const auto& description = open_->description();
    info_.frame_time_s = description.frame_time_s;
    for (const auto& fact : description.facts)
      info_.metadata.push_back(fact);
    info_.metadata.emplace_back("compression", open_->compression());
    if (files_.size() > 1)
      info_.metadata.emplace_back(
          "files",
          fmt::format("{}, from {} to {}", files_.size(), name(0), name(files_.size() - 1)));
  }

  [[nodiscard]] const frames::SeriesInfo& info() const override { return info_; }

  void read(Index first, Index count, std::byte* out) override {
    check_frames(info_, first, count);
    for (Index i = 0; i < count; ++i, out += info_.frame_bytes()) {
      const auto file = static_cast<std::size_t>(
          std::upper_bound(first_frame_.begin(), first_frame_.end(), first + i) -
          first_frame_.begin() - 1);
      if (file != open_file_) {
        open_ = std::make_unique<TiffPages>(files_[file]);
        open_file_ = file;
        require_same(file);
      }
      open_->read(first + i - first_frame_[file], out);
      if (signed_offset_)
        subtract_offset(out, info_.pixels());
    }
  }

private:
  [[nodiscard]] std::string name(std::size_t file) const {
    return std::filesystem::path(files_[file]).filename().string();
  }

  void add(std::size_t file) {
    open_ = std::make_unique<TiffPages>(files_[file]);
    open_file_ = file;
    if (file == 0) {
      info_.height = open_->height();
      info_.width = open_->width();
      info_.type = open_->type();
    }
    require_same(file);
    first_frame_.push_back(info_.frames);
    info_.frames += open_->frames();
  }

  void require_same(std::size_t file) const {
    const bool same_type = open_->type() == (signed_offset_ ? frames::PixelType::u16 : info_.type);
    if (open_->height() != info_.height || open_->width() != info_.width ||
        !(same_type || open_->type() == info_.type))
      throw FormatError(files_[file],
                        "",
                        fmt::format("{} × {} pixels of {}",
                                    open_->height(),
                                    open_->width(),
                                    frames::name_of(open_->type())),
                        fmt::format("{} × {} of {} as in {}",
                                    info_.height,
                                    info_.width,
                                    frames::name_of(info_.type),
                                    name(0)));
  }

  std::vector<std::string> files_;
  bool signed_offset_;
  frames::SeriesInfo info_;
  std::vector<Index> first_frame_; // of each file
  std::unique_ptr<TiffPages> open_;
  std::size_t open_file_ = 0;
};

bool is_tiff(std::span<const unsigned char> head) {
  if (head.size() < 4)
    return false;
  const bool little = head[0] == 'I' && head[1] == 'I';
  const bool big = head[0] == 'M' && head[1] == 'M';
  const int version = little ? head[2] | head[3] << 8 : head[2] << 8 | head[3];
  return (little || big) && (version == 42 || version == 43);
}

std::vector<std::string> tiff_files(const std::string& folder) {
  auto files = files_in(folder, false);
  std::erase_if(files, [](const std::string& file) {
    const std::string extension = lower_extension(file);
    return (extension != "tif" && extension != "tiff") ||
           std::filesystem::path(file).filename().string().front() == '.';
  });
  return files;
}

} // namespace

Reader tiff_reader() {
  return {[] {
            FormatDescription d;
            d.name = "tiff";
            d.description = "TIFF stacks: classic and BigTIFF, strips and tiles, all compressions "
                            "of libtiff, ImageJ stacks "
                            "also above 4 GB";
            d.extensions = {"tif", "tiff"};
            d.recognised_by = "first bytes II or MM with version 42 or 43";
            d.reads_frames = d.reads_maps = d.writes_maps = true;
            return d;
          },
          [](const Probe& probe) { return is_tiff(probe.head); },
          [](const std::string& path,
             const OpenOptions& options) -> std::unique_ptr<frames::FrameSource> {
            return std::make_unique<TiffSeries>(
                path, std::vector{path}, options.tiff_signed_offset);
          }};
}

Reader tiff_folder_reader() {
  return {[] {
            FormatDescription d;
            d.name = "tiff-folder";
            d.description = "a folder of TIFF files, in numeric order of their names";
            d.recognised_by = "a folder that holds .tif or .tiff files";
            d.reads_frames = true;
            return d;
          },
          [](const Probe& probe) { return probe.folder && !tiff_files(probe.path).empty(); },
          [](const std::string& path,
             const OpenOptions& options) -> std::unique_ptr<frames::FrameSource> {
            auto files = tiff_files(path);
            if (files.empty())
              throw FormatError(
                  path, "", "a folder without TIFF files", "a folder of .tif or .tiff files");
            return std::make_unique<TiffSeries>(path, std::move(files), options.tiff_signed_offset);
          }};
}

} // namespace vitrum::io
