// Settings: flags, TOML and back, and the exact words of refusals.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "message_of.hpp"
#include "vitrum/app/commands.hpp"
#include "vitrum/app/settings.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::app {
namespace {

std::string temporary(const std::string& text) {
  const auto path = std::filesystem::path(testing::TempDir()) / "settings_test.toml";
  std::ofstream(path) << text;
  return path;
}

const Setting& find(const Settings& settings, const std::string& name) {
  for (const auto& setting : settings)
    if (setting.name == name)
      return setting;
  throw DataError("no setting " + name);
}

TEST(Settings, TomlRunsAgainUnchanged) {
  XpcsOptions options;
  options.input.bad_frames = {"3", "5:9"};
  options.geometry.distance_m = 1.25;
  options.partition.q_bins = 7;
  options.corrections.dark = "a \"quoted\" \\ name.npy";
  options.correlation.no_map = true;
  options.age.window_s = 1e-7;
  const auto text = to_toml(describe(options));
  XpcsOptions again;
  const auto settings = describe(again);
  read_toml(temporary(text), settings);
  EXPECT_EQ(to_toml(settings), text);
  EXPECT_EQ(again.input.bad_frames, options.input.bad_frames);
  EXPECT_EQ(again.corrections.dark, options.corrections.dark);
  EXPECT_EQ(again.age.window_s, 1e-7);
  EXPECT_TRUE(std::isnan(again.geometry.wavelength_angstrom));
}

TEST(Settings, EveryCommandHasUniqueNamesAndHelp) {
  XpcsOptions options;
  auto settings = describe(options);
  std::sort(settings.begin(), settings.end(), [](const auto& a, const auto& b) {
    return a.name < b.name;
  });
  for (std::size_t i = 0; i < settings.size(); ++i) {
    EXPECT_FALSE(settings[i].help.empty()) << settings[i].name;
    if (i > 0) {
      EXPECT_NE(settings[i].name, settings[i - 1].name);
    }
  }
}

template <class Options>
void expect_known_needs() {
  Options options;
  const auto settings = describe(options);
  for (const auto& setting : settings) {
    std::istringstream words(setting.needs);
    for (std::string word; words >> word;)
      if (word.starts_with("--")) {
        EXPECT_EQ(find(settings, word.substr(2)).name, word.substr(2)) << setting.name;
      }
  }
}

TEST(Settings, NeedsNameSettingsOfTheSameCommand) {
  expect_known_needs<XpcsOptions>();
  expect_known_needs<AgeOptions>();
  expect_known_needs<FitOptions>();
  expect_known_needs<InfoOptions>();
  expect_known_needs<MaskOptions>();
  expect_known_needs<PartitionOptions>();
  expect_known_needs<SynthXpcsOptions>();
  expect_known_needs<ShowOptions>();
  expect_known_needs<ExportOptions>();
  expect_known_needs<ReportOptions>();
}

TEST(Settings, WhatHasNoEffectIsRefusedWhenGiven) {
  bool on = false;
  std::string method = "none";
  Index degree = 2;
  double width = 1;
  const Settings settings{{"on", "", "", "h", &on},
                          {"method", "", "M", "h", &method},
                          {"degree", "", "N", "h", &degree, "--method a|b or --on"},
                          {"width", "", "X", "h", &width, "no --on"}};
  const auto before = values_of(settings);
  const auto message = [&](const std::vector<std::string>& typed) {
    return message_of([&] { require_needs(settings, before, typed); });
  };
  const std::string refused = "--degree: has no effect without --method a|b or --on";
  require_needs(settings, before, {"method"});
  EXPECT_EQ(message({"degree"}), refused); // typed, though it is the default
  degree = 3;
  EXPECT_EQ(message({}), refused);
  method = "c";
  EXPECT_EQ(message({}), refused);
  method = "b";
  require_needs(settings, before, {"degree", "width"});
  method = "none";
  on = true;
  require_needs(settings, before, {"degree"});
  width = 2;
  EXPECT_EQ(message({}), "--width: cannot be combined with --on");
}

TEST(Settings, FlagsAreRefusedByNameAndValue) {
  XpcsOptions options;
  const auto settings = describe(options);
  EXPECT_EQ(message_of([&] { assign(find(settings, "q-bins"), "4.5"); }),
            "--q-bins 4.5: expected a whole number");
  EXPECT_EQ(message_of([&] { assign(find(settings, "window"), "long"); }),
            "--window long: expected a number");
  assign(find(settings, "models"), "kww,exp");
  EXPECT_EQ(options.fit.models, (std::vector<std::string>{"kww", "exp"}));
}

TEST(Settings, TomlIsRefusedWithPlace) {
  XpcsOptions options;
  const auto settings = describe(options);
  const auto path = temporary("[fit]\nmodel = [\"kww\"]\n");
  EXPECT_EQ(message_of([&] { read_toml(path, settings); }),
            path + ":line 2: unknown setting 'model'");
  EXPECT_EQ(message_of([&] { read_toml(temporary("q-bins = 1.5\n"), settings); }),
            path + ":q-bins: wrong type, expected a whole number");
  EXPECT_EQ(message_of([&] { read_toml(temporary("models = \"kww\"\n"), settings); }),
            path + ":models: wrong type, expected a list of texts in quotes");
  EXPECT_THROW(read_toml(temporary("q-bins = = 3\n"), settings), FormatError);
  EXPECT_THROW(read_toml("/nowhere/at.toml", settings), FileError);
}

TEST(Settings, BytesInWordsOfPeople) {
  EXPECT_EQ(parse_bytes("memory", "8G"), Index{8} << 30);
  EXPECT_EQ(parse_bytes("memory", "1.5k"), 1536);
  EXPECT_EQ(parse_bytes("memory", "77"), 77);
  for (const char* bad : {"", "G", "-1G", "0", "8Q", "1e99T"})
    EXPECT_THROW((void)parse_bytes("memory", bad), OptionError) << bad;
}

} // namespace
} // namespace vitrum::app
