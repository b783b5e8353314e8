// The tables and sentences of the page.
#pragma once
#include <string>

#include "result.hpp"

namespace vitrum::report {

/// What was measured and the main result with its error, in plain sentences (plain text).
[[nodiscard]] std::string summary_text(const Result& result);

// Each is HTML, "" when there is nothing to show.
[[nodiscard]] std::string scalar_table(const Result& result, const std::string& group);
/// What stands under entry/scalars.
[[nodiscard]] std::string number_table(const Result& result);
[[nodiscard]] std::string bin_table(const Result& result);
[[nodiscard]] std::string fit_table(const Result& result, const std::string& group = "g2");
[[nodiscard]] std::string window_tables(const Result& result);
[[nodiscard]] std::string event_table(const Result& result);
[[nodiscard]] std::string seam_table(const Result& result);
[[nodiscard]] std::string truth_table(const Result& result);
[[nodiscard]] std::string convention_list(const Result& result);
[[nodiscard]] std::string input_table(const Result& result);

} // namespace vitrum::report
