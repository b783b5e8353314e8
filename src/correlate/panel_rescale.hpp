// The loop behind PanelKernels::rescale, to be compiled for each instruction set.
#pragma once
#include "panel_kernels.hpp"

#if defined(__x86_64__)
#if defined(__clang__)
#define VITRUM_PANEL_LOOP(isa) __attribute__((target(isa)))
#else
#define VITRUM_PANEL_LOOP(isa) __attribute__((target(isa), optimize("O3")))
#endif
#else
#define VITRUM_PANEL_LOOP(isa)
#endif

// Sums are taken modulo 2^32: only the centred one has to fit.
#define VITRUM_DEFINE_RESCALE(name, isa)                                                           \
  VITRUM_PANEL_LOOP(isa)                                                                           \
  void name(const std::int32_t* sums,                                                              \
            Index rows,                                                                            \
            Index cols,                                                                            \
            const RescaleRows& r,                                                                  \
            const RescaleColumns& q,                                                               \
            bool centred,                                                                          \
            float* __restrict out,                                                                 \
            Index stride,                                                                          \
            bool add) {                                                                            \
    const auto count = static_cast<int>(cols);                                                     \
    const float* const qa = q.a;                                                                   \
    const float* const qv = q.v;                                                                   \
    const float* const qw = q.w;                                                                   \
    const std::int32_t* const qc = q.c;                                                            \
    const std::int32_t* const qt = q.t;                                                            \
    for (Index i = 0; i < rows; ++i) {                                                             \
      const std::int32_t* const row = sums + i * panel_frames;                                     \
      float* __restrict const to = out + i * stride;                                               \
      const float a = r.a[i], v = r.v[i], u = r.u[i];                                              \
      const auto c = static_cast<std::uint32_t>(r.c[i]);                                           \
      const auto s = static_cast<std::uint32_t>(r.s[i]);                                           \
      if (centred) {                                                                               \
        for (int j = 0; j < count; ++j) {                                                          \
          const std::uint32_t sum = static_cast<std::uint32_t>(row[j]) -                           \
                                    c * static_cast<std::uint32_t>(qt[j]) -                        \
                                    s * static_cast<std::uint32_t>(qc[j]);                         \
          const float x = a * qa[j] * static_cast<float>(static_cast<std::int32_t>(sum)) +         \
                          (v * qw[j] - u * qv[j]);                                                 \
          to[j] = add ? to[j] + x : x;                                                             \
        }                                                                                          \
      } else if (add) {                                                                            \
        for (int j = 0; j < count; ++j)                                                            \
          to[j] += a * qa[j] * static_cast<float>(row[j]) + (v * qw[j] - u * qv[j]);               \
      } else {                                                                                     \
        for (int j = 0; j < count; ++j)                                                            \
          to[j] = a * qa[j] * static_cast<float>(row[j]) + (v * qw[j] - u * qv[j]);                \
      }                                                                                            \
    }                                                                                              \
  }
