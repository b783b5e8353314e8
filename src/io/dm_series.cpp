// Gatan Digital Micrograph: one image or a stack in a DM3 or DM4 file, or the nested folders of
// single frames that in-situ cameras write.
#include <cmath>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "dm_image.hpp"
#include "located_frames.hpp"
#include "npy_series.hpp"
#include "path.hpp"
#include "reader.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io {
namespace {} // namespace

std::optional<frames::PixelType> dm_real_type(int data_type) {
  using frames::PixelType;
  switch (data_type) {
  case 1:
    return PixelType::i16;
  case 2:
    return PixelType::f32;
  case 6:
  case 14:
    return PixelType::u8;
  case 7:
    return PixelType::i32;
  case 9:
    return PixelType::i8;
  case 10:
    return PixelType::u16;
  case 11:
    return PixelType::u32;
  case 12:
    return PixelType::f64;
  case 39:
    return PixelType::i64;
  case 40:
    return PixelType::u64;
  default:
    return std::nullopt;
  }
}

namespace {

std::string name_of_data_type(int data_type) {
  switch (data_type) {
  case 3:
  case 13:
  case 27:
  case 28:
    return "complex pixels";
  case 8:
  case 23:
    return "colour pixels";
  default:
    return fmt::format("pixels of type {}", data_type);
  }
}

struct DmImage {
  frames::SeriesInfo info;
  Index offset = 0;
  bool big_endian = false;
};

} // namespace

std::string choose_dm_image(const DmTags& tags, const std::string& path) {
  std::vector<std::string> images;
  for (int i = 0;; ++i) {
    const std::string key = fmt::format("ImageList/[{}]", i);
    if (std::isnan(tags.number(key + "/ImageData/DataType")))
      break;
    bool thumbnail = false;
    for (int k = 0;; ++k) {
      const double index = tags.number(fmt::format("Thumbnails/[{}]/ImageIndex", k));
      if (std::isnan(index))
        break;
      thumbnail = thumbnail || static_cast<int>(index) == i;
    }
    if (!thumbnail)
      images.push_back(key);
  }
  if (images.empty())
    throw FormatError(path, "ImageList", "no image", "an image beside the thumbnail");
  return images.back();
}

namespace {

/// The first of the keys below `image` that holds a positive number.
double first_positive(const DmTags& tags,
                      const std::string& image,
                      std::initializer_list<std::pair<const char*, double>> keys) {
  for (const auto& [key, factor] : keys)
    if (const double value = tags.number(image + "/ImageTags/" + key); value > 0)
      return value * factor;
  return frames::unknown;
}

void add_metadata(const DmTags& tags, const std::string& image, frames::SeriesInfo& info) {
  info.exposure_s = first_positive(tags,
                                   image,
                                   {{"Acquisition/Parameters/High Level/Exposure (s)", 1.0},
                                    {"Acquisition/Frame/Sequence/Exposure Time (ns)", 1e-9},
                                    {"DataBar/Exposure Time (s)", 1.0}});
  for (const char* key : {"DataBar/Acquisition Date",
                          "DataBar/Acquisition Time",
                          "DataBar/Device Name",
                          "Microscope Info/Operation Mode",
                          "Microscope Info/Imaging Mode"})
    if (const auto text = tags.text(image + "/ImageTags/" + key); !text.empty())
      info.metadata.emplace_back(key, text);
  for (const char* key : {"Microscope Info/Voltage",
                          "Microscope Info/Indicated Magnification",
                          "Microscope Info/STEM Camera Length"})
    if (const double value = tags.number(image + "/ImageTags/" + key); !std::isnan(value))
      info.metadata.emplace_back(key, fmt::format("{:g}", value));
  // What the camera's counts are: intensity = (stored − origin) · scale
  const std::string brightness = image + "/ImageData/Calibrations/Brightness";
  const double scale = tags.number(brightness + "/Scale");
  const double origin = tags.number(brightness + "/Origin");
  if (scale > 0 && (scale != 1.0 || origin != 0.0))
    info.metadata.emplace_back(
        "Brightness",
        fmt::format("(counts − {:g}) × {:g} {}", origin, scale, tags.text(brightness + "/Units")));
}

DmImage describe_image(const InputFile& file, const std::string& path) {
  const DmTags tags = read_dm_tags(file);
  const std::string image = choose_dm_image(tags, path);
  const std::string data = image + "/ImageData";
  const double number = tags.number(data + "/DataType");
  constexpr double most = 1000; // far beyond the types there are
  const int data_type = number >= 0 && number < most ? static_cast<int>(number) : -1;
  DmImage result;
  result.big_endian = !tags.little_endian;
  auto& info = result.info;
  info.path = path;
  info.format = "dm";
  const auto type = dm_real_type(data_type);
  if (!type)
    throw FormatError(path,
                      data + "/DataType",
                      data_type < 0 ? fmt::format("pixels of type {}", number)
                                    : name_of_data_type(data_type),
                      "integers or floats");
  info.type = *type;
  std::vector<Index> sides; // x first
  for (int d = 0; d < 8; ++d) {
    const double side = tags.number(fmt::format("{}/Dimensions/[{}]", data, d));
    if (std::isnan(side))
      break;
    if (!(side >= 1 && side <= 1e9))
      throw FormatError(path,
                        fmt::format("{}/Dimensions/[{}]", data, d),
                        fmt::format("{}", side),
                        "a number of pixels");
    sides.push_back(static_cast<Index>(side));
  }
  if (sides.size() < 2)
    throw FormatError(path,
                      data + "/Dimensions",
                      fmt::format("{} dimensions", sides.size()),
                      "an image or a stack of images");
  const auto array = tags.arrays.find(data + "/Data");
  if (array == tags.arrays.end())
    throw FormatError(path, data + "/Data", "nothing", "an array of pixels");
  info.width = sides[0];
  info.height = sides[1];
  double frames = 1;
  for (std::size_t d = 2; d < sides.size(); ++d)
    frames *= static_cast<double>(sides[d]);
  const Index bytes = array->second.count * dm_element_bytes(array->second.type);
  if (frames * static_cast<double>(info.width) * static_cast<double>(info.height) *
          static_cast<double>(frames::size_of(info.type)) !=
      static_cast<double>(bytes))
    throw FormatError(path,
                      data + "/Data",
                      fmt::format("{} bytes", bytes),
                      fmt::format("{:g} frames of {} × {} {}",
                                  frames,
                                  info.height,
                                  info.width,
                                  frames::name_of(info.type)));
  info.frames = static_cast<Index>(frames);
  if (sides.size() > 3)
    info.leading.assign(sides.rbegin(), sides.rend() - 2);
  result.offset = array->second.offset;
  const auto calibration = [&](int d, const char* field) {
    return fmt::format("{}/Calibrations/Dimension/[{}]/{}", data, d, field);
  };
  info.scale = make_image_scale(tags.number(calibration(0, "Scale")),
                                tags.number(calibration(1, "Scale")),
                                tags.text(calibration(0, "Units")));
  if (sides.size() == 3) {
    const double step = tags.number(calibration(2, "Scale"));
    const std::string unit = tags.text(calibration(2, "Units"));
    if (step > 0 && (unit == "s" || unit == "ms"))
      info.frame_time_s = unit == "s" ? step : step * 1e-3;
  }
  add_metadata(tags, image, info);
  return result;
}

std::unique_ptr<frames::FrameSource> open_dm(const std::string& path, const OpenOptions&) {
  InputFile file(path);
  DmImage image = describe_image(file, path);
  const Index step = image.info.frame_bytes();
  return make_located_frames(std::move(file),
                             std::move(image.info),
                             {image.offset, step, {}},
                             image.big_endian ? StoredPixels::big_endian : StoredPixels::as_is);
}

/// DM files below a folder, in the order of their numbers.
std::vector<std::string> find_dm_files(const std::string& folder) {
  auto files = files_in(folder, true);
  std::erase_if(files, [](const std::string& file) {
    const std::string extension = lower_extension(file);
    return extension != "dm4" && extension != "dm3";
  });
  return files;
}

/// Frames per second when the folders Hour_HH/Minute_MM/Second_SS all hold the same number of them,
/// the first and the last, which may be cut, not counted.
double frame_time_of_folders(const std::vector<std::string>& files) {
  std::vector<Index> counts;
  std::string last;
  for (const auto& file : files) {
    const auto parent = std::filesystem::path(file).parent_path();
    if (!parent.filename().string().starts_with("Second_"))
      return frames::unknown;
    if (parent.string() != last)
      counts.push_back(0);
    last = parent.string();
    ++counts.back();
  }
  if (counts.size() < 3)
    return frames::unknown;
  for (std::size_t i = 2; i + 1 < counts.size(); ++i)
    if (counts[i] != counts[1])
      return frames::unknown;
  return 1.0 / static_cast<double>(counts[1]);
}

/// One frame per file. Each header is parsed when its frame is read: nothing promises that the
/// pixels stand at the same byte in all of them.
class DmFolder final : public frames::FrameSource {
public:
  explicit DmFolder(const std::string& path) : files_(find_dm_files(path)) {
    const InputFile first(files_.at(0));
    info_ = describe_image(first, files_[0]).info;
    if (info_.frames != 1)
      throw FormatError(files_[0],
                        "ImageList",
                        fmt::format("{} frames", info_.frames),
                        "one frame per file in a folder of DM files");
    info_.path = path;
    info_.format = "dm-folder";
    info_.frames = static_cast<Index>(files_.size());
    info_.frame_time_s = frame_time_of_folders(files_);
    if (auto problem = missing_numbers(files_); !problem.empty())
      info_.problems.push_back(std::move(problem));
  }

  [[nodiscard]] const frames::SeriesInfo& info() const override { return info_; }

  void read(Index first, Index count, std::byte* out) override {
    check_frames(info_, first, count);
    parallel_for(0, count, 1, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i)
        read_one(files_[static_cast<std::size_t>(first + i)], out + i * info_.frame_bytes());
    });
  }

private:
  void read_one(const std::string& path, std::byte* out) const {
    InputFile file(path);
    DmImage image = describe_image(file, path);
    if (image.info.frames != 1 || image.info.height != info_.height ||
        image.info.width != info_.width || image.info.type != info_.type)
      throw FormatError(path,
                        "ImageList",
                        fmt::format("{} × {} × {} {}",
                                    image.info.frames,
                                    image.info.height,
                                    image.info.width,
                                    frames::name_of(image.info.type)),
                        fmt::format("1 × {} × {} {} as in {}",
                                    info_.height,
                                    info_.width,
                                    frames::name_of(info_.type),
                                    files_[0]));
    make_located_frames(std::move(file),
                        image.info,
                        {image.offset, 0, {}},
                        image.big_endian ? StoredPixels::big_endian : StoredPixels::as_is)
        ->read(0, 1, out);
  }

  std::vector<std::string> files_;
  frames::SeriesInfo info_;
};

bool is_dm_folder(const Probe& probe) {
  return probe.folder && !find_dm_files(probe.path).empty();
}

} // namespace

Reader dm_reader() {
  return {[] {
            FormatDescription d;
            d.name = "dm";
            d.description = "Gatan DM3 and DM4: image or stack, any real type; pixel size, "
                            "exposure and frame time";
            d.extensions = {"dm3", "dm4"};
            d.recognised_by = "first bytes 00 00 00 03 or 00 00 00 04 and the byte order";
            d.reads_frames = true;
            return d;
          },
          [](const Probe& probe) { return is_dm(probe.head); },
          open_dm};
}

Reader dm_folder_reader() {
  return {[] {
            FormatDescription d;
            d.name = "dm-folder";
            d.description = "folder of single DM frames, also nested Hour/Minute/Second folders, "
                            "in the order of the numbers in the names";
            d.extensions = {};
            d.recognised_by = "a folder that holds .dm3 or .dm4 files";
            d.reads_frames = true;
            return d;
          },
          is_dm_folder,
          [](const std::string& path, const OpenOptions&) -> std::unique_ptr<frames::FrameSource> {
            return std::make_unique<DmFolder>(path);
          }};
}

} // namespace vitrum::io
