// The text of the exception that a call throws, for tests of exact messages.
#pragma once
#include <string>

namespace vitrum::frames {

template <class E, class F>
std::string message_of(F&& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "(nothing thrown)";
}

} // namespace vitrum::frames
