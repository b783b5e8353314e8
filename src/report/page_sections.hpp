// Sections of a page as lists of figures with their captions: simulated glasses, normalised
// variance, heat flow and thickness.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "vitrum/core/tree.hpp"
#include "vitrum/plot/figure.hpp"
#include "vitrum/report/page.hpp"

namespace vitrum::report {

struct PageFigure {
  std::optional<plot::Figure> figure;
  std::string name, caption;
  std::vector<File> tables; // CSV
};

struct PageSection {
  std::string id, title;
  std::vector<PageFigure> figures;
  std::string numbers; // group whose scalars stand below
};

/// Empty for results of other kinds.
[[nodiscard]] std::vector<PageSection> md_sections(const Tree& result);
[[nodiscard]] std::vector<PageSection> companion_sections(const Tree& result);
/// `detailed`: series that are drawn one by one.
[[nodiscard]] std::vector<PageSection> fem_sections(const Tree& result, Index detailed);

} // namespace vitrum::report
