// Named facts about files, printed as a table for people or as JSON for programs.
#pragma once
#include <string>
#include <vector>

namespace vitrum::report {

struct Record {
  std::string name;
  std::string value;
  std::string unit; // "" for none
};

struct RecordList {
  std::string title; // what the facts are about: a path
  std::vector<Record> records;
  std::vector<std::string> warnings;
};

/// One block per list, names in a column, warnings below.
[[nodiscard]] std::string records_text(const std::vector<RecordList>& lists);

/// [{"name": title, "facts": {name: {"value", "unit"}}, "warnings": […]}]; values that are numbers
/// stand as numbers. Ends with a line feed.
[[nodiscard]] std::string records_json(const std::vector<RecordList>& lists);

} // namespace vitrum::report
