// MATLAB files up to version 7 (version 7.3 is HDF5): one array [y, x, frame], as MATLAB shows it.
#include <cstring>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <matio.h>

#include "matlab_sizes.hpp"
#include "npy_series.hpp"
#include "path.hpp"
#include "reader.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/core/memory.hpp"
#include "vitrum/core/parallel.hpp"

namespace vitrum::io {
namespace {

struct CloseFile {
  void operator()(mat_t* file) const { Mat_Close(file); }
};
struct FreeVariable {
  void operator()(matvar_t* variable) const { Mat_VarFree(variable); }
};
using MatFile = std::unique_ptr<mat_t, CloseFile>;
using MatVariable = std::unique_ptr<matvar_t, FreeVariable>;

std::optional<frames::PixelType> real_type(const matvar_t& variable) {
  using frames::PixelType;
  if (variable.isComplex != 0)
    return std::nullopt;
  switch (variable.class_type) {
  case MAT_C_DOUBLE:
    return PixelType::f64;
  case MAT_C_SINGLE:
    return PixelType::f32;
  case MAT_C_INT8:
    return PixelType::i8;
  case MAT_C_UINT8:
    return PixelType::u8;
  case MAT_C_INT16:
    return PixelType::i16;
  case MAT_C_UINT16:
    return PixelType::u16;
  case MAT_C_INT32:
    return PixelType::i32;
  case MAT_C_UINT32:
    return PixelType::u32;
  case MAT_C_INT64:
    return PixelType::i64;
  case MAT_C_UINT64:
    return PixelType::u64;
  default:
    return std::nullopt;
  }
}

/// Sides up to the third; trailing dimensions of 1 dropped. Empty when it is no image or stack.
std::vector<Index> sides_of(const matvar_t& variable) {
  if (variable.rank < 2 || variable.rank > 3 || variable.dims == nullptr)
    return {};
  std::vector<Index> sides;
  for (int d = 0; d < variable.rank; ++d)
    sides.push_back(static_cast<Index>(variable.dims[d]));
  if (sides.size() == 2)
    sides.push_back(1);
  return sides;
}

class MatlabSeries final : public frames::FrameSource {
public:
  MatlabSeries(const std::string& path, const OpenOptions& options) {
    const auto [file, inside] = split_path(path);
    const std::string wanted = options.dataset.empty() ? inside : options.dataset;
    require_readable_file(file);
    check_matlab_sizes(file);
    Mat_LogInitFunc("", [](int, char*) {}); // the library prints its complaints
    file_.reset(Mat_Open(file.c_str(), MAT_ACC_RDONLY));
    if (!file_)
      throw FormatError(file, "", "no readable MATLAB file", "version 4 to 7");
    choose(file, wanted);
    const auto sides = sides_of(*variable_);
    const char* name = variable_->name == nullptr ? "" : variable_->name; // damaged files
    info_.path = file + "::" + name;
    info_.format = "matlab";
    info_.type = *real_type(*variable_);
    info_.height = sides[0];
    info_.width = sides[1];
    info_.frames = sides[2];
    double bytes = static_cast<double>(frames::size_of(info_.type));
    for (const Index side : sides)
      bytes *= static_cast<double>(side);
    // deflate packs at most about a thousandfold
    if (bytes < 1 || bytes > 1100.0 * static_cast<double>(file_size(file)))
      throw FormatError(file,
                        name,
                        fmt::format("an array [{}]", fmt::join(sides, ", ")),
                        fmt::format("one that {} bytes can hold", file_size(file)));
  }

  [[nodiscard]] const frames::SeriesInfo& info() const override { return info_; }

  void read(Index first, Index count, std::byte* out) override {
    check_frames(info_, first, count);
    const Index size = frames::size_of(info_.type);
    // One call for all: a packed array is unpacked from its beginning each time.
    Buffer<std::byte> column_major(count * info_.frame_bytes());
    int start[3] = {0, 0, static_cast<int>(first)};
    int stride[3] = {1, 1, 1};
    int edge[3] = {
        static_cast<int>(info_.height), static_cast<int>(info_.width), static_cast<int>(count)};
    if (Mat_VarReadData(file_.get(), variable_.get(), column_major.data(), start, stride, edge) !=
        0)
      throw FormatError(
          info_.path,
          fmt::format("frames {} to {}", first, first + count - 1),
          "values that cannot be read",
          fmt::format("{} × {} {}", info_.height, info_.width, frames::name_of(info_.type)));
    parallel_for(0, count, 1, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i)
        for (Index y = 0; y < info_.height; ++y)
          for (Index x = 0; x < info_.width; ++x)
            std::memcpy(out + ((i * info_.height + y) * info_.width + x) * size,
                        column_major.data() + ((i * info_.width + x) * info_.height + y) * size,
                        static_cast<std::size_t>(size));
    });
  }

private:
  void choose(const std::string& file, const std::string& wanted) {
    std::vector<std::string> stacks, others;
    while (MatVariable next{Mat_VarReadNextInfo(file_.get())}) {
      const std::string name = next->name == nullptr ? "" : next->name;
      const bool usable = real_type(*next) && !sides_of(*next).empty();
      if (!wanted.empty() && name == wanted) {
        if (!usable)
          throw FormatError(file, name, "no array of real numbers [y, x, frame] or [y, x]", "one");
        variable_ = std::move(next);
        return;
      }
      if (usable && next->rank == 3) {
        stacks.push_back(name);
        if (stacks.size() == 1)
          variable_ = std::move(next);
      } else {
        others.push_back(name);
      }
    }
    if (wanted.empty() && stacks.size() == 1)
      return;
    std::vector<std::string> all = stacks;
    all.insert(all.end(), others.begin(), others.end());
    throw FormatError(file,
                      wanted,
                      wanted.empty() ? fmt::format("{} arrays [y, x, frame]", stacks.size())
                                     : std::string("no such array"),
                      fmt::format("the name of one as {}::name: {}", file, fmt::join(all, ", ")));
  }

  MatFile file_;
  MatVariable variable_;
  frames::SeriesInfo info_;
};

} // namespace

Reader matlab_reader() {
  return {[] {
            FormatDescription d;
            d.name = "matlab";
            d.description = "MATLAB array [y, x, frame] of version 4 to 7, any real type";
            d.extensions = {"mat"};
            d.recognised_by = "first bytes \"MATLAB 5.0 MAT-file\"";
            d.reads_frames = true;
            return d;
          },
          [](const Probe& probe) {
            constexpr std::string_view mark = "MATLAB 5.0 MAT-file";
            return probe.head.size() >= mark.size() &&
                   std::memcmp(probe.head.data(), mark.data(), mark.size()) == 0;
          },
          [](const std::string& path,
             const OpenOptions& options) -> std::unique_ptr<frames::FrameSource> {
            return std::make_unique<MatlabSeries>(path, options);
          }};
}

} // namespace vitrum::io
