// What a call that must fail says.
#pragma once
#include <string>

#include "vitrum/core/error.hpp"

namespace vitrum {

template <class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

} // namespace vitrum
