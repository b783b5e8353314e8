#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "synthetic.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/report/csv.hpp"
#include "vitrum/report/scalars.hpp"

namespace vitrum::report {
namespace {

using Numbers = std::vector<double>;

/// Two bins, one model, two windows; every number typed in.
Tree small_result() {
  Tree root;
  Tree& entry = root.group("entry");
  entry.set("kind", make_scalar(std::string("xpcs")));
  entry.set("title", make_scalar(std::string("glass")));
  entry.set("series/frames", make_scalar(Index{1000}));
  entry.set("series/frame_time_s", make_scalar(0.5, "s"));
  entry.set("bins/bin", make_array(std::vector<Index>{1, 2}));
  entry.set("bins/q_inv_angstrom", make_array(Numbers{2.5, 2.75}, "1/angstrom"));
  entry.set("bins/npixels", make_array(std::vector<Index>{100, 200}));
  entry.group("bins").attributes["q_unit"] = std::string("1/angstrom");
  entry.set("g2/lag_s", make_array(Numbers{0.5, 1}, "s"));
  entry.set("g2/g2", make_array<double>(std::vector<Index>{2, 2}, {1.5, 1.25, 1.75, 1.125}, ""));
  entry.set("fit/kww/tau_s", make_array(Numbers{12.5, NAN}, "s"));
  entry.set("fit/kww/tau_s_errors", make_array(Numbers{0.25, NAN}, "s"));
  entry.set("fit/kww/kww_exponent", make_array(Numbers{0.75, 1}));
  entry.set("fit/kww/status", make_array(std::vector<std::string>{"converged", "failed"}));
  entry.group("fit/kww").attributes["formula"] = std::string("exp(-2x)");
  entry.set("window/age_s", make_array(Numbers{0, 250}, "s"));
  entry.set("window/fit/kww/tau_s",
            make_array<double>(std::vector<Index>{2, 2}, {10, 20, 30, 40}, "s"));
  entry.set("process/version", make_scalar(std::string("0.1.0")));
  entry.set("process/inputs", make_array(std::vector<std::string>{"a.h5"}));
  entry.set("process/warnings", make_array(std::vector<std::string>{"a \"quoted\" warning"}));
  return root;
}

TEST(Scalars, JsonOfASmallResult) {
  EXPECT_EQ(scalars_json(small_result()), R"({
  "kind": "xpcs",
  "version": "0.1.0",
  "input": "a.h5",
  "scalars": {
    "frames": {"value": 1000, "error": null, "unit": ""},
    "frame_time_s": {"value": 0.5, "error": null, "unit": "s"},
    "bin/1/q_inv_angstrom": {"value": 2.5, "error": null, "unit": "1/angstrom"},
    "bin/1/npixels": {"value": 100, "error": null, "unit": ""},
    "bin/1/fit/kww/tau_s": {"value": 12.5, "error": 0.25, "unit": "s"},
    "bin/1/fit/kww/kww_exponent": {"value": 0.75, "error": null, "unit": ""},
    "bin/1/fit/kww/status": {"value": "converged", "error": null, "unit": ""},
    "bin/1/window/1/age_s": {"value": 0.0, "error": null, "unit": "s"},
    "bin/1/window/1/tau_s": {"value": 10.0, "error": null, "unit": "s"},
    "bin/1/window/2/age_s": {"value": 250.0, "error": null, "unit": "s"},
    "bin/1/window/2/tau_s": {"value": 20.0, "error": null, "unit": "s"},
    "bin/2/q_inv_angstrom": {"value": 2.75, "error": null, "unit": "1/angstrom"},
    "bin/2/npixels": {"value": 200, "error": null, "unit": ""},
    "bin/2/fit/kww/tau_s": {"value": null, "error": null, "unit": "s"},
    "bin/2/fit/kww/kww_exponent": {"value": 1.0, "error": null, "unit": ""},
    "bin/2/fit/kww/status": {"value": "failed", "error": null, "unit": ""},
    "bin/2/window/1/age_s": {"value": 0.0, "error": null, "unit": "s"},
    "bin/2/window/1/tau_s": {"value": 30.0, "error": null, "unit": "s"},
    "bin/2/window/2/age_s": {"value": 250.0, "error": null, "unit": "s"},
    "bin/2/window/2/tau_s": {"value": 40.0, "error": null, "unit": "s"}
  },
  "warnings": [
    "a \"quoted\" warning"
  ]
}
)");
}

TEST(Scalars, JsonOfNothingIsStillJson) {
  const auto json = nlohmann::json::parse(scalars_json(Tree{}));
  EXPECT_TRUE(json.at("scalars").empty());
  EXPECT_TRUE(json.at("warnings").is_array());
}

TEST(Scalars, WindowsOfSeveralModels) {
  const auto json = nlohmann::json::parse(scalars_json(synthetic_result()));
  const auto& all = json.at("scalars");
  // the first model directly, and every model under its own name
  EXPECT_EQ(all.at("bin/2/window/3/tau_s"), all.at("bin/2/window/3/fit/kww/tau_s"));
  EXPECT_TRUE(all.contains("bin/2/window/3/fit/ml/ml_exponent"));
  EXPECT_FALSE(all.contains("bin/2/window/3/ml_exponent"));
  EXPECT_TRUE(all.contains("bin/4/window/8/plateau"));
  EXPECT_FALSE(all.contains("bin/5/npixels"));
  EXPECT_EQ(all.at("bin/1/event/1/time_s").at("value"), 1000.0);
  EXPECT_EQ(all.at("bin/1/event/1/drop").at("error"), 0.002);
  EXPECT_EQ(all.at("bin/3/preferred_model").at("value"), "kww");
  EXPECT_TRUE(all.at("bin/1/fit/ml/mean_time_s").at("value").is_null());
}

TEST(Scalars, EqualTheArrays) {
  const Tree tree = synthetic_result();
  const auto tau = tree.numbers("entry/window/fit/ml/tau_s");
  Index found = 0;
  for (const Scalar& scalar : scalars(tree))
    for (Index bin = 1; bin <= 4; ++bin)
      for (Index k = 1; k <= 8; ++k)
        if (scalar.path ==
            "bin/" + std::to_string(bin) + "/window/" + std::to_string(k) + "/fit/ml/tau_s") {
          EXPECT_EQ(std::get<double>(scalar.value),
                    tau[static_cast<std::size_t>((bin - 1) * 8 + k - 1)]);
          ++found;
        }
  EXPECT_EQ(found, 32);
}

TEST(Scalars, TextForPeople) {
  const std::string text = scalars_text(small_result());
  EXPECT_NE(text.find("bin/1/fit/kww/tau_s         12.50 ± 0.25 s\n"), std::string::npos) << text;
  EXPECT_NE(text.find("bin/2/fit/kww/tau_s         –\n"), std::string::npos);
  EXPECT_NE(text.find("warning: a \"quoted\" warning\n"), std::string::npos);
}

TEST(Scalars, TextHasEveryNumberOnce) {
  const Tree several = synthetic_result();
  const std::string text = scalars_text(several);
  EXPECT_EQ(text.find("bin/2/window/3/tau_s"), std::string::npos);
  EXPECT_NE(text.find("bin/2/window/3/fit/kww/tau_s"), std::string::npos);
  EXPECT_NE(text.find("bin/2/window/3/fit/ml/tau_s"), std::string::npos);
  EXPECT_NE(text.find("bin/2/window/3/plateau"), std::string::npos);
  EXPECT_NE(scalars_text(small_result()).find("bin/2/window/2/tau_s"), std::string::npos);
}

TEST(Scalars, WrongShapesAreRefused) {
  Tree tree = small_result();
  tree.set("entry/bins/npixels", make_array(std::vector<Index>{1, 2, 3}));
  try {
    (void)scalars(tree);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(), "bins/npixels: shape 3, expected 2");
  }
}

TEST(Csv, G2OfASmallResult) {
  EXPECT_EQ(csv_g2(small_result()),
            "# g2 against lag\n# title: glass\n# input: a.h5\n# vitrum 0.1.0\n# kww: exp(-2x)\n"
            "bin,q [1/angstrom],lag [s],g2,g2_error\n"
            "1,2.5,0.5,1.5,nan\n1,2.5,1,1.25,nan\n2,2.75,0.5,1.75,nan\n2,2.75,1,1.125,nan\n");
}

TEST(Csv, FitsOfASmallResult) {
  EXPECT_EQ(
      csv_fits(small_result()),
      "# fits of g2\n# title: glass\n# input: a.h5\n# vitrum 0.1.0\n# kww: exp(-2x)\n"
      "bin,q [1/angstrom],model,tau_s [s],tau_s_error [s],kww_exponent,kww_exponent_error,status\n"
      "1,2.5,kww,12.5,0.25,0.75,nan,converged\n2,2.75,kww,nan,nan,1,nan,failed\n");
}

TEST(Csv, WindowsOfASmallResult) {
  EXPECT_EQ(csv_windows(small_result()),
            "# windows of age\n# title: glass\n# input: a.h5\n# vitrum 0.1.0\n"
            "bin,q [1/angstrom],window,age [s],model,tau_s [s],tau_s_error [s],status\n"
            "1,2.5,1,0,kww,10,nan,\n1,2.5,2,250,kww,20,nan,\n"
            "2,2.75,1,0,kww,30,nan,\n2,2.75,2,250,kww,40,nan,\n");
  EXPECT_EQ(csv_window_curves(small_result()), "");
  EXPECT_EQ(csv_static(small_result()), "");
  EXPECT_EQ(csv_intensity(small_result()), "");
}

TEST(Csv, TwoTimeMapOfASmallResult) {
  Tree tree = small_result();
  tree.set("entry/twotime/bin_1/t1_s", make_array(Numbers{0, 0.5}, "s"));
  tree.set("entry/twotime/bin_1/two_time_corr_func",
           make_array<float>(std::vector<Index>{2, 2}, {9.0F, 1.25F, 1.25F, 9.0F}, ""));
  EXPECT_EQ(csv_two_time(tree, 1),
            "# C(t1, t2) of bin 1, q = 2.5 Å⁻¹\n# title: glass\n# input: a.h5\n# vitrum 0.1.0\n"
            "# the diagonal, which holds shot noise, is replaced by its neighbours\n"
            "# the first line holds t1 [s], the first column t2 [s]\n"
            "t2 [s],0,0.5\n0,1.25,1.25\n0.5,1.25,1.25\n");
  MapOptions plain;
  plain.correct_diagonal = false;
  EXPECT_NE(csv_two_time(tree, 1, plain).find("\n0,9,1.25\n0.5,1.25,9\n"), std::string::npos);
  EXPECT_EQ(csv_two_time(tree, 2), "");
}

TEST(Csv, BigTwoTimeMapsAreAveragedInBlocks) {
  constexpr Index n = 1000; // blocks of 3: 334 of them, the last of one frame
  std::vector<float> c(n * n);
  Numbers t(n);
  for (Index y = 0; y < n; ++y) {
    t[static_cast<std::size_t>(y)] = static_cast<double>(y);
    for (Index x = 0; x < n; ++x)
      c[static_cast<std::size_t>(y * n + x)] = static_cast<float>(x + y);
  }
  Tree tree;
  tree.set("entry/bins/bin", make_array(std::vector<Index>{1}));
  tree.set("entry/twotime/bin_1/t1_s", make_array(t, "s"));
  tree.set("entry/twotime/bin_1/two_time_corr_func",
           make_array<float>(std::vector<Index>{n, n}, c, ""));
  const std::string text = csv_two_time(tree, 1);
  EXPECT_NE(text.find("# means of blocks of 3 x 3 frames"), std::string::npos);
  EXPECT_NE(text.find("\nt2 [s],1,4,7,"), std::string::npos);
  EXPECT_NE(text.find("\n4,5,8,11,"), std::string::npos);             // t2 = 4: t1 + t2
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4 + 1 + 334); // comments, t1, rows
  EXPECT_LT(text.size(), 2'000'000U);
}

TEST(Csv, Images) {
  Tree tree = small_result();
  const std::string top = "# title: glass\n# input: a.h5\n# vitrum 0.1.0\n"
                          "# the first line holds x [px], the first column y [px]\n";
  tree.set("entry/image/mean",
           make_array<float>(std::vector<Index>{2, 3}, {0.1F, 1, 2, 3, 4, 5.5F}, "counts"));
  tree.set("entry/image/mask",
           make_array<std::uint8_t>(std::vector<Index>{2, 3}, {1, 1, 0, 0, 1, 1}, ""));
  EXPECT_EQ(csv_image(tree, "mean"),
            "# image: mean [counts]\n" + top + "y [px],0,1,2\n0,0.1,1,2\n1,3,4,5.5\n");
  EXPECT_EQ(csv_image(tree, "mask"), "# image: mask\n" + top + "y [px],0,1,2\n0,1,1,0\n1,0,1,1\n");
  EXPECT_EQ(csv_image(tree, "dynamic_labels"), "");
  tree.set(
      "entry/image/mask",
      make_array<std::uint8_t>(std::vector<Index>{1, 300}, std::vector<std::uint8_t>(300), ""));
  EXPECT_EQ(csv_image(tree, "mask"), "");
  tree.set("entry/image/mask", make_array(std::vector<std::uint8_t>{1, 2}));
  EXPECT_THROW((void)csv_image(tree, "mask"), DataError);
}

TEST(Csv, EveryLineHasAsManyFieldsAsTheHeader) {
  const Tree tree = synthetic_result();
  for (const std::string& text : {csv_g2(tree),
                                  csv_fits(tree),
                                  csv_windows(tree),
                                  csv_window_curves(tree),
                                  csv_intensity(tree),
                                  csv_static(tree),
                                  csv_two_time(tree, 2),
                                  csv_image(tree, "mean"),
                                  csv_image(tree, "mask"),
                                  csv_image(tree, "dynamic_labels")}) {
    std::istringstream lines(text);
    std::string line;
    Index fields = 0, count = 0;
    while (std::getline(lines, line)) {
      if (line.starts_with('#'))
        continue;
      const Index here = std::count(line.begin(), line.end(), ',') + 1;
      if (fields == 0)
        fields = here;
      EXPECT_EQ(here, fields) << line;
      ++count;
    }
    EXPECT_GT(count, 4);
  }
}

} // namespace
} // namespace vitrum::report
