// Numbers in the words of a line, fast and without locale.
#pragma once
#include <charconv>
#include <string_view>

#include "vitrum/core/index.hpp"

namespace vitrum::io {

/// Takes the next word off the front of `line`; empty when there is none.
inline std::string_view take_word(std::string_view& line) {
  std::size_t begin = 0;
  while (begin < line.size() && (line[begin] == ' ' || line[begin] == '\t'))
    ++begin;
  std::size_t end = begin;
  while (end < line.size() && line[end] != ' ' && line[end] != '\t')
    ++end;
  const auto word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

/// True when the whole word is a number.
inline bool parse_number(std::string_view word, double& value) {
  if (!word.empty() && word.front() == '+')
    word.remove_prefix(1);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size();
}

inline bool parse_number(std::string_view word, Index& value) {
  if (!word.empty() && word.front() == '+')
    word.remove_prefix(1);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size();
}

} // namespace vitrum::io
