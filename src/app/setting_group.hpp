// How lists of settings are written down.
#pragma once
#include <string>
#include <utility>

#include "vitrum/app/settings.hpp"

namespace vitrum::app {

/// Appends the settings of one heading.
class Group {
public:
  Group(Settings& settings, std::string name) : settings_(settings), name_(std::move(name)) {}

  void operator()(const char* name,
                  const char* value,
                  const char* help,
                  SettingTarget target,
                  const char* needs = "") const {
    settings_.push_back({name, name_, value, help, target, needs});
  }

private:
  Settings& settings_;
  std::string name_;
};

} // namespace vitrum::app
