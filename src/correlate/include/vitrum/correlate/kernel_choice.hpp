// Which kernel makes the products of a bin, and how long it will take on this machine.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vitrum/core/index.hpp"
#include "vitrum/core/simd.hpp"
#include "vitrum/correlate/tile_kernel.hpp"

namespace vitrum::correlate {

enum class KernelKind { floats, bytes, words, bits, events };

[[nodiscard]] std::string_view
name_of(KernelKind kind); // "floats", "bytes", "words", "bits", "events"

/// What is known of a bin before its products are made.
struct KernelTask {
  Index frames = 0, pixels = 0;
  Index groups = 32;
  Index static_bins = 1;
  Normalization normalization = Normalization::plain;
  bool integer_counts = false; // of an integer type, not negative
  bool corrected = false;      // dark, flat field, static surface or frame normalisation
  bool only_weighted = false;  // of these, flat field and static surface alone: events take them
  bool without_tiles = false;  // events may be summed without a map: see event_one_time.hpp
  double largest_count = 0;
  double events = 0;      // pixels of all frames that hold counts; 0: unknown
  double above_one = -1;  // of the events, those of more than one count; below 0: unknown
  double event_pairs = 0; // Σ_pixels events²/2; 0: unknown, taken as of evenly spread events
};

/// Seconds of one processor for what the kernels repeat.
struct KernelRates {
  double float_product = 0, byte_product = 0, word_product = 0,
         bit_product = 0; // per pixel and pair of frames
  double element = 0;     // per pair of frames, group and static bin: rescaling
  double bit_extra = 0;   // per count above one and frame in which its pixel holds counts
  double event_pair = 0, event = 0;
};

/// Rates of one processor of 2023 (Emerald Rapids) or, below AVX-512, of about a third of it. The
/// kind is chosen with these, so that it is the same on every machine and in every run.
[[nodiscard]] KernelRates nominal_rates(SimdLevel level = simd_level());

struct KernelChoice {
  KernelKind kind = KernelKind::floats;
  double predicted_s = 0; // of one processor
  struct Candidate {
    KernelKind kind;
    double predicted_s;
    std::string refused; // why it cannot be used; else empty
  };
  std::vector<Candidate> candidates;
};

/// The fastest of the admissible kernels with these rates.
[[nodiscard]] KernelChoice choose_kernel(const KernelTask& task, const KernelRates& rates);

} // namespace vitrum::correlate
