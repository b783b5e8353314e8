#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "synthetic.hpp"
#include "vitrum/report/page.hpp"
#include "vitrum/report/scalars.hpp"

namespace vitrum::report {
namespace {

TEST(Page, IsWritten) {
  const Tree tree = synthetic_result();
  const Report report = make_report(tree);
  const auto folder = std::filesystem::temp_directory_path() / "vitrum_report";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "report.html") << report.html;
  for (const File& file : report.files)
    std::ofstream(folder / file.name) << file.bytes;
  std::ofstream(folder / "scalars.json") << scalars_json(tree);
  std::ofstream(folder / "scalars.txt") << scalars_text(tree);
  EXPECT_NE(report.html.find("</html>"), std::string::npos);
}

} // namespace
} // namespace vitrum::report
