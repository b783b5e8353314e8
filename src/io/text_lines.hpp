// Side files of cameras: lines of "key = value" and numbers in them.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vitrum::io {

/// Blanks at both ends taken off.
[[nodiscard]] std::string_view trimmed(std::string_view text);

/// The number at the beginning of `text` ("12.5 ms" is 12.5); NaN when there is none.
[[nodiscard]] double to_number(std::string_view text);

/// The parts between separators, trimmed.
[[nodiscard]] std::vector<std::string_view> split_at(std::string_view text, char separator);

/// Lines "key<separator>value" in their order; lines without the separator are passed over. Reads
/// at most the first MiB. Throws FileError.
[[nodiscard]] std::vector<std::pair<std::string, std::string>>
read_key_values(const std::string& path, char separator);

} // namespace vitrum::io
