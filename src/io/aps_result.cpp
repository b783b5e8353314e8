#include "vitrum/io/aps_result.hpp"

#include <fmt/format.h>

#include "hdf5_read.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::io {
namespace {

const std::string multitau = "/xpcs/multitau";
const std::string qmap = "/xpcs/qmap";

/// [lag, bin] of the file to [bin, lag].
std::vector<double> turned(const h5::Dataset& dataset, Index lags, Index bins) {
  if (dataset.dims != std::vector<Index>{lags, bins})
    throw FormatError(dataset.file,
                      dataset.name,
                      h5::describe(dataset),
                      fmt::format("[{}, {}] (lag, bin)", lags, bins));
  const auto values = h5::read_doubles(dataset);
  std::vector<double> out(values.size());
  for (Index l = 0; l < lags; ++l)
    for (Index b = 0; b < bins; ++b)
      out[static_cast<std::size_t>(b * lags + l)] = values[static_cast<std::size_t>(l * bins + b)];
  return out;
}

void read_bins(hid_t file,
               const std::string& path,
               const std::string& stem,
               Index bins,
               std::vector<double>& q,
               std::vector<double>* phi,
               std::string* unit) {
  if (!h5::exists(file, qmap + "/" + stem + "_v_list_dim0") ||
      !h5::exists(file, qmap + "/" + stem + "_index_mapping"))
    return;
  const auto axis = h5::open_dataset(file, path, qmap + "/" + stem + "_v_list_dim0");
  const auto q_list = h5::read_doubles(axis);
  const auto phi_list =
      h5::exists(file, qmap + "/" + stem + "_v_list_dim1")
          ? h5::read_doubles(h5::open_dataset(file, path, qmap + "/" + stem + "_v_list_dim1"))
          : std::vector<double>{0};
  const auto mapping =
      h5::read_as<Index>(h5::open_dataset(file, path, qmap + "/" + stem + "_index_mapping"));
  if (static_cast<Index>(mapping.size()) != bins)
    throw FormatError(path,
                      qmap + "/" + stem + "_index_mapping",
                      fmt::format("{} values", mapping.size()),
                      fmt::format("one for each of {} bins", bins));
  const auto columns = static_cast<Index>(phi_list.size());
  for (const Index place : mapping) {
    if (columns < 1 || place < 0 || place / columns >= static_cast<Index>(q_list.size()))
      throw FormatError(path,
                        qmap + "/" + stem + "_index_mapping",
                        fmt::format("index {}", place),
                        fmt::format("less than {} × {}", q_list.size(), columns));
    q.push_back(q_list[static_cast<std::size_t>(place / columns)]);
    if (phi != nullptr)
      phi->push_back(columns > 1 ? phi_list[static_cast<std::size_t>(place % columns)]
                                 : frames::unknown);
  }
  if (unit != nullptr)
    *unit = h5::attribute(file, axis.name, "unit");
}

} // namespace

ApsResult read_aps_result(const std::string& path) {
  const h5::Lock lock;
  const h5::Handle file = h5::open_file(path);
  const hid_t id = file.get();
  if (!h5::exists(id, multitau + "/normalized_g2"))
    throw FormatError(path, multitau, "no normalized_g2", "a multi-tau result of APS 8-ID");
  ApsResult result;
  const auto g2 = h5::open_dataset(id, path, multitau + "/normalized_g2");
  if (g2.dims.size() != 2)
    throw FormatError(path, g2.name, h5::describe(g2), "2-D [lag, bin]");
  const Index lags = g2.dims[0];
  result.bins = g2.dims[1];
  result.g2 = turned(g2, lags, result.bins);
  result.g2_errors =
      turned(h5::open_dataset(id, path, multitau + "/normalized_g2_err"), lags, result.bins);
  const auto delays = h5::open_dataset(id, path, multitau + "/delay_list");
  result.delay_frames = h5::read_doubles(delays);
  if (static_cast<Index>(result.delay_frames.size()) != lags)
    throw FormatError(path,
                      delays.name,
                      fmt::format("{} values", result.delay_frames.size()),
                      fmt::format("{} lags", lags));
  result.frame_time_s =
      h5::scalar(id, "/entry/instrument/detector_1/frame_time").value_or(frames::unknown);
  result.stride_frames =
      static_cast<Index>(h5::scalar(id, multitau + "/config/stride_frame").value_or(1));
  result.average_frames =
      static_cast<Index>(h5::scalar(id, multitau + "/config/avg_frame").value_or(1));
  read_bins(id, path, "dynamic", result.bins, result.q, &result.phi_deg, &result.q_unit);
  const std::string one_d = "/xpcs/temporal_mean/scattering_1d";
  if (h5::exists(id, one_d)) {
    result.scattering = h5::read_doubles(h5::open_dataset(id, path, one_d));
    read_bins(id,
              path,
              "static",
              static_cast<Index>(result.scattering.size()),
              result.static_q,
              nullptr,
              nullptr);
  }
  const std::string trace = "/xpcs/spatial_mean/intensity_vs_time";
  if (h5::exists(id, trace)) {
    const auto dataset = h5::open_dataset(id, path, trace);
    if (dataset.dims.size() != 2 || dataset.dims[0] != 2)
      throw FormatError(path, dataset.name, h5::describe(dataset), "[2, frame]");
    const auto values = h5::read_doubles(dataset);
    const auto half = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    result.intensity_frame.assign(values.begin(), half);
    result.intensity.assign(half, values.end());
  }
  result.title = h5::text(id, "/entry/entry_identifier").value_or("");
  return result;
}

} // namespace vitrum::io
