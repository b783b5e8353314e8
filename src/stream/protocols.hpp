// The two protocols of DECTRIS detectors, each in a file of its own.
//
// V1 (port 9999): ZeroMQ messages of several parts, JSON and blobs. V2 (port 31001): one part, a
// CBOR map (RFC 8949) with typed arrays (RFC 8746) and compressed byte strings (tag 56500).
// https://github.com/dectris/documentation/tree/main/stream_v2, SIMPLON API reference.
#pragma once
#include "vitrum/stream/message.hpp"

namespace vitrum::stream {

/// Larger ones are taken for nonsense.
inline constexpr Index largest_edge_px = 100000;
inline constexpr Index largest_image_bytes = Index{1} << 30;

[[nodiscard]] Message parse_v1(const Parts& parts, const std::string& from);
[[nodiscard]] std::vector<Part> make_start_v1(const SeriesStart& start);
[[nodiscard]] std::vector<Part> make_image_v1(const Frame& frame, io::Compression compression);
[[nodiscard]] std::vector<Part> make_end_v1(Index series);

[[nodiscard]] Message
parse_v2(const Parts& parts, const std::string& from, const ParseOptions& options);
[[nodiscard]] std::vector<Part> make_start_v2(const SeriesStart& start);
[[nodiscard]] std::vector<Part> make_image_v2(const Frame& frame, io::Compression compression);
[[nodiscard]] std::vector<Part> make_end_v2(Index series);

} // namespace vitrum::stream
