// The pixels of a bin in the form that the chosen kernel wants, and the kernel made of them.
#pragma once
#include <memory>
#include <variant>

#include "vitrum/aging/heterogeneity.hpp"
#include "vitrum/correlate/count_matrix.hpp"
#include "vitrum/correlate/event_matrix.hpp"
#include "vitrum/correlate/kernel_choice.hpp"
#include "vitrum/correlate/pixel_g2.hpp"
#include "vitrum/correlate/pixel_matrix.hpp"
#include "xpcs_plan.hpp"

namespace vitrum::app {

/// One kind for all bins: the fastest by nominal rates, or the one that `asked` names ("auto",
/// "float", "integer", "bits", "events"). Throws OptionError when it cannot be used, with the
/// reason.
[[nodiscard]] KernelPlan
choose_bin_kernel(const XpcsPlan& plan, const std::string& asked, bool without_tiles);

/// Memory of the pixels of one bin with the planned kernel.
struct BinBytes {
  Index loaded = 0;  // while the input is read, and until its turn comes
  Index working = 0; // while the kernel is made of them, and while tiles are
};
[[nodiscard]] BinBytes bin_bytes(const XpcsPlan& plan, Index bin);

using BinPixels =
    std::variant<correlate::PixelMatrix, correlate::CountMatrix, correlate::EventMatrix>;

/// In the order of `bins`, in one pass over the input.
[[nodiscard]] std::vector<BinPixels>
load_bins(const XpcsPlan& plan, const std::vector<Index>& bins, const Monitor& monitor);

[[nodiscard]] Index pixels_of(const BinPixels& pixels);
[[nodiscard]] const std::vector<double>& mean_counts_of(const BinPixels& pixels);
[[nodiscard]] correlate::PixelG2 pixel_g2_of(const BinPixels& pixels,
                                             const correlate::PixelG2Options& options,
                                             const Monitor& monitor);

/// What subsets of the pixels share at each lag; empty for pixels kept as events and for bins of
/// one group. Of so many frames that it takes a few per cent of the time of the map, at least 256
/// and half a second.
[[nodiscard]] std::vector<aging::Heterogeneity>
heterogeneity_of(const BinPixels& pixels, const std::vector<Index>& lags, const XpcsPlan& plan);

/// A kernel with what it refers to.
struct BinKernel {
  std::unique_ptr<correlate::EventMatrix> events;
  std::unique_ptr<correlate::TileKernel> kernel;
};
/// Takes the memory of the pixels.
[[nodiscard]] BinKernel make_kernel(BinPixels pixels, const XpcsPlan& plan);

} // namespace vitrum::app
