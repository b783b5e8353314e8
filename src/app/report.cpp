#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "large_result.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/fit/decay_fit.hpp"
#include "vitrum/io/text_file.hpp"
#include "vitrum/io/tree_file.hpp"
#include "vitrum/report/page.hpp"
#include "vitrum/report/truth.hpp"

namespace vitrum::app {
namespace {

namespace fs = std::filesystem;

/// The files beside a page of ours that it links to.
std::vector<fs::path> linked_files(const fs::path& page) {
  std::ifstream file(page, std::ios::binary);
  const std::string html(std::istreambuf_iterator<char>(file), {});
  constexpr std::string_view mark = "href=\"";
  std::vector<fs::path> files;
  for (auto at = html.find(mark); at != std::string::npos; at = html.find(mark, at + 1)) {
    const auto begin = at + mark.size();
    const auto name = html.substr(begin, html.find('"', begin) - begin);
    const bool ours = name.ends_with(".svg") || name.ends_with(".csv");
    if (ours && name.find_first_of("/:\\") == std::string::npos)
      files.push_back(page.parent_path() / name);
  }
  return files;
}

/// Copies the truth of a virtual experiment into the result, where the page looks for it.
void add_truth(Tree& tree, const std::string& path) {
  const auto truth = io::read_tree(path);
  const auto* from = truth.find_group("entry/truth");
  if (from == nullptr)
    throw FormatError(path, "/entry/truth", "no such group", "the truth of a virtual experiment");
  if (from->find("lag_s") == nullptr)
    throw FormatError(path,
                      "/entry/truth",
                      "a correlation of two times",
                      "one that depends on the lag alone, to be compared with fits");
  auto& to = tree.group("entry/truth");
  to = *from;
}

/// Tabulated values between which ln x runs straight; NaN outside.
double interpolate(const std::vector<double>& x, const double* y, double at) {
  const auto above = std::lower_bound(x.begin(), x.end(), at);
  if (above == x.end() || at < x.front() || std::isnan(at))
    return std::nan("");
  const auto i = static_cast<std::size_t>(above - x.begin());
  if (i == 0)
    return y[0];
  const double part = std::log(at / x[i - 1]) / std::log(x[i] / x[i - 1]);
  return y[i - 1] + part * (y[i] - y[i - 1]);
}

/// A bin holds pixels of a range of q, so its g2 is a mixture and no model fits it exactly: what a
/// fit of the exact g2 gives, with the weights of the measurement, is what a perfect measurement
/// would report.
void add_ideal_fits(Tree& tree) {
  const auto lag = tree.numbers("entry/g2/lag_s");
  const auto error = tree.numbers("entry/g2/g2_errors");
  const auto true_lag = tree.numbers("entry/truth/lag_s");
  const auto true_g2 = tree.numbers("entry/truth/g2");
  const auto model = models::parse_decay_model(tree.text("entry/truth/model"));
  const auto bins = error.size() / lag.size();
  if (true_g2.size() != bins * true_lag.size())
    throw DataError(
        fmt::format("the truth has {} bins, the result {}: analyse with the same partition",
                    true_g2.size() / true_lag.size(),
                    bins));
  std::vector<std::vector<double>> columns(models::parameters(model).size());
  fit::FitOptions options;
  options.profile = false;
  for (std::size_t b = 0; b < bins; ++b) {
    fit::FitData data;
    data.lag_s = lag;
    for (std::size_t l = 0; l < lag.size(); ++l) {
      data.value.push_back(interpolate(true_lag, &true_g2[b * true_lag.size()], lag[l]));
      data.sigma.push_back(error[b * lag.size() + l]);
    }
    const auto fit = fit::fit_decay(model, data, options);
    for (std::size_t p = 0; p < columns.size(); ++p)
      columns[p].push_back(fit.parameters.empty() ? std::nan("") : fit.parameters[p].value);
  }
  for (std::size_t p = 0; p < columns.size(); ++p) {
    const auto& info = models::parameters(model)[p];
    tree.set("entry/truth/ideal_fit/" + info.name, make_array(columns[p], info.unit));
  }
}

} // namespace

std::string run_report(ReportOptions options, const Invocation&, const Monitor& monitor) {
  if (options.output.output.empty())
    throw OptionError("name the folder to write: -o FOLDER");
  const fs::path folder(options.output.output);
  const auto page = folder / "index.html";
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw FileError(folder.string(), "exists and is not a folder");
  if (fs::exists(page) && !options.output.overwrite)
    throw FileError(page.string(), "exists (use --overwrite to replace it)");
  auto tree = read_for_figures(options.inputs.at(0));
  if (!options.truth.empty()) {
    add_truth(tree, options.truth);
    if (report::truth_is_stationary(tree))
      add_ideal_fits(tree);
  }
  monitor.message(Level::info, "drawing");
  const auto report = report::make_report(tree);
  for (const auto& file : report.files)
    if (fs::exists(folder / file.name) && !options.output.overwrite)
      throw FileError((folder / file.name).string(), "exists (use --overwrite to replace it)");
  std::vector<io::NamedBytes> files;
  for (const auto& file : report.files)
    files.push_back({file.name, file.bytes});
  files.push_back({"index.html", report.html});
  const auto before = options.output.overwrite ? linked_files(page) : std::vector<fs::path>{};
  io::write_folder(folder.string(), files);
  for (const auto& old : before) // figures of an earlier run that this one does not have
    if (std::none_of(files.begin(), files.end(), [&](const auto& file) {
          return folder / file.name == old;
        })) {
      std::error_code none; // a file that somebody removed already
      fs::remove(old, none);
    }
  const auto truth = report::compare_with_truth(tree);
  std::string text = truth.empty() ? "" : report::truth_text(truth);
  if (!options.truth.empty() && truth.empty())
    text = "the virtual experiment ages or has events: no single curve is its truth\n";
  return text + page.string() + "\n";
}

} // namespace vitrum::app
