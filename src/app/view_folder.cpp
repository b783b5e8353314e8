#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "inside.hpp"
#include "result_input.hpp"
#include "vitrum/app/view.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/io/open_series.hpp"
#include "vitrum/io/recognise.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::app {
namespace {

namespace fs = std::filesystem;
constexpr int deepest = 3;
constexpr std::size_t most_files = 2000;

ShownNumber shown(const report::Scalar& scalar) {
  ShownNumber number{scalar.path, scalar.path, "", 0};
  if (const auto* value = std::get_if<double>(&scalar.value)) {
    number.value = *value;
    number.text = report::format_value(*value, scalar.error, scalar.unit);
  } else if (const auto* whole = std::get_if<Index>(&scalar.value)) {
    number.value = static_cast<double>(*whole);
    number.text = fmt::format(
        "{}{}{}", *whole, scalar.unit.empty() ? "" : " ", report::display_unit(scalar.unit));
  } else {
    number.text = std::get<std::string>(scalar.value);
  }
  return number;
}

/// What a list shows of each kind, in this order: where it stands, and how it is called.
struct Main {
  const char* path;
  const char* label;
};
constexpr std::array mains{Main{"frames", "frames"},
                           Main{"bin/1/fit/*/tau_s", "τ"},
                           Main{"bin/1/fit/*/kww_exponent", "β"},
                           Main{"bin/1/fit/*/ml_exponent", "α"},
                           Main{"image/fit/kww/tau_s", "τ"},
                           Main{"image/fit/kww/kww_exponent", "β"},
                           Main{"pixels/tau_median_s", "τ of pixels"},
                           Main{"drift/total_px", "drift"},
                           Main{"series/1/peak/1/k_inv_nm", "first peak"},
                           Main{"series/1/peak/1/height", "height"},
                           Main{"stratton_voyles/length_nm", "length"},
                           Main{"structure/peak_q", "peak of S(q)"},
                           Main{"waiting/exponent", "waiting exponent"},
                           Main{"voronoi/ifk_fraction", "Frank–Kasper fraction"},
                           Main{"tg_onset_c", "Tg"},
                           Main{"tx_onset_c", "Tx"},
                           Main{"t_over_lambda", "t/λ"},
                           Main{"thickness_nm", "thickness"}};

std::string extension_of(const fs::path& path) {
  auto text = path.extension().string();
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return text.empty() ? text : text.substr(1);
}

bool is_hdf5_name(const fs::path& path) {
  const auto extension = extension_of(path);
  return extension == "h5" || extension == "hdf5" || extension == "hdf" || extension == "nxs";
}

/// By its name alone: a folder may hold a thousand movies.
bool is_frames_name(const fs::path& path) {
  static const auto extensions = [] {
    std::set<std::string> all;
    for (const auto& format : io::formats())
      if (format.reads_frames)
        all.insert(format.extensions.begin(), format.extensions.end());
    return all;
  }();
  return extensions.contains(extension_of(path));
}

bool holds_frames(const fs::path& file) {
  try {
    return io::open_series(file.string())->info().frames > 1;
  } catch (const Error&) {
    return false;
  }
}

FolderEntry look_at(const fs::path& file, const std::string& relative) {
  FolderEntry entry;
  entry.path = relative;
  if (!is_hdf5_name(file)) {
    entry.kind = "frames";
    return entry;
  }
  Tree tree;
  try {
    tree = io::read_tree(file.string(), {.largest_array = 1 << 16});
  } catch (const std::exception& error) {
    entry.problem = error.what();
    return entry;
  }
  entry.kind = tree.text("entry/kind");
  entry.title = tree.text("entry/title");
  entry.date = tree.text("entry/process/date");
  entry.version = tree.text("entry/process/version");
  entry.input = fmt::format("{}", fmt::join(tree.texts("entry/process/inputs"), ", "));
  if (!is_result_kind(entry.kind)) { // made by another program, or no result
    entry.kind = holds_frames(file) ? "frames" : "";
    return entry;
  }
  try {
    entry.numbers = main_numbers(tree);
  } catch (const std::exception& error) {
    entry.problem = error.what();
  }
  return entry;
}

} // namespace

std::vector<ShownNumber> all_numbers(const Tree& result) {
  std::vector<ShownNumber> out;
  for (const auto& scalar : report::scalars(result))
    out.push_back(shown(scalar));
  return out;
}

std::vector<ShownNumber> main_numbers(const Tree& result) {
  const auto list = report::scalars(result);
  const auto models = result.texts("entry/fit/preferred_model");
  std::string preferred = models.empty() ? "" : models[0];
  const auto* fits = result.find_group("entry/fit");
  if (fits != nullptr && !fits->groups().empty() && fits->find_group(preferred) == nullptr)
    preferred = fits->groups()[0].first; // undecided
  std::vector<ShownNumber> out;
  for (const auto& [pattern, label] : mains) {
    std::string path = pattern;
    if (const auto star = path.find('*'); star != path.npos)
      path.replace(star, 1, preferred);
    const auto it =
        std::find_if(list.begin(), list.end(), [&](const auto& s) { return s.path == path; });
    if (it == list.end())
      continue;
    out.push_back(shown(*it));
    out.back().label = label;
  }
  return out;
}

FolderList::FolderList(fs::path folder) : folder_(std::move(folder)) {}

std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code none;
  const auto skip = fs::directory_options::skip_permission_denied;
  for (auto it = fs::recursive_directory_iterator(folder, skip, none);
       !none && it != fs::recursive_directory_iterator() && names.size() < most_files;
       it.increment(none)) {
    std::error_code gone; // what vanishes meanwhile is passed over
    const bool hidden = it->path().filename().string().starts_with('.');
    if (it->is_directory(gone) && (it.depth() + 1 >= deepest || hidden))
      it.disable_recursion_pending();
    if (hidden || !it->is_regular_file(gone))
      continue;
    const auto real = fs::weakly_canonical(it->path(), gone);
    if (!gone && lies_inside(folder, real))
      names.push_back(it->path().lexically_relative(folder).generic_string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<FolderEntry> FolderList::entries() {
  const std::lock_guard hold(mutex_);
  std::vector<FolderEntry> now;
  for (const auto& relative : files_below(folder_)) {
    const auto file = folder_ / relative;
    if (!is_hdf5_name(file) && !is_frames_name(file))
      continue;
    std::error_code gone;
    const auto bytes = static_cast<Index>(fs::file_size(file, gone));
    const auto time = fs::last_write_time(file, gone);
    if (gone)
      continue;
    const Index modified =
        std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
    const auto known = std::find_if(
        known_.begin(), known_.end(), [&](const auto& entry) { return entry.path == relative; });
    const bool same = known != known_.end() && known->bytes == bytes && known->modified == modified;
    now.push_back(same ? *known : look_at(file, relative));
    now.back().bytes = bytes;
    now.back().modified = modified;
  }
  known_ = now;
  return now;
}

} // namespace vitrum::app
