// The report of a result: one HTML page that needs nothing else, and files that it links to.
#pragma once
#include <string>
#include <vector>

#include "vitrum/core/tree.hpp"
#include "vitrum/report/figures.hpp"

namespace vitrum::report {

struct ReportOptions {
  std::string title;        // "": the title of the result
  std::string folder;       // of the links, relative to the page; "": beside it
  bool files = true;        // links to SVG and CSV files; false: the page alone
  Index detailed_bins = 12; // bins with figures of their own (two-time, aging, windows)
  MapOptions maps;
};
void validate(const ReportOptions& options);

struct File {
  std::string name; // relative to the folder
  std::string bytes;
};

struct Report {
  std::string html;
  std::vector<File> files; // what the page links to
};

/// Figures, tables, settings and provenance of an XPCS result. Parts that the result does not have
/// are left out. The page has no scripts and loads nothing; it follows light and dark and prints.
[[nodiscard]] Report make_report(const Tree& result, const ReportOptions& options = {});

} // namespace vitrum::report
