// How lists of settings are written down.
#pragma once
#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
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

/// The groups of pixels behind errors, alike in every command that has them.
inline void add_pixel_groups(const Group& add, Index& groups, Index& speckle_size_px) {
  add("pixel-groups", "N", "groups of pixels whose spread gives the errors", &groups);
  add("speckle-size",
      "PX",
      "pixels this close see the same speckle and are counted together in the errors",
      &speckle_size_px);
}

/// Takes settings out of a list that a command shares with others.
inline void leave_out(Settings& settings, std::initializer_list<std::string_view> names) {
  std::erase_if(settings, [&](const Setting& setting) {
    return std::find(names.begin(), names.end(), setting.name) != names.end();
  });
}

/// The finders of bad pixels, alike in every command that has them.
inline void add_pixel_finders(const Group& add, bool& hot, bool& dead, double& false_alarms) {
  add("find-hot",
      "",
      "leave out pixels that count too much or flicker, for their static bin",
      &hot);
  add("find-dead", "", "leave out pixels that never count", &dead);
  add("false-alarms",
      "N",
      "sound pixels per frame that these finders may take for bad ones",
      &false_alarms,
      "--find-hot or --find-dead");
}

/// What every virtual experiment has.
template <class Options>
void add_virtual_series(const Group& add, Options& o) {
  add("frames", "N", "length of the series", &o.frames);
  add("height", "PX", "rows", &o.height);
  add("width", "PX", "columns", &o.width);
  add("frame-time", "S", "time from frame to frame", &o.frame_time_s);
  add("seed", "N", "of the random numbers", &o.seed);
}

} // namespace vitrum::app
