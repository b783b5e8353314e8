#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "synthetic.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/report/page.hpp"
#include "vitrum/report/truth.hpp"

namespace vitrum::report {
namespace {

/// The first thing wrong with the tags of a page, "" when all is well. Comments and the contents of
/// <style> are skipped.
std::string first_fault(const std::string& html) {
  const std::set<std::string> alone{"meta", "!doctype", "br", "link"};
  std::vector<std::string> open;
  for (std::size_t i = html.find('<'); i != std::string::npos; i = html.find('<', i)) {
    if (html.compare(i, 4, "<!--") == 0) {
      i = html.find("-->", i);
      continue;
    }
    const std::size_t end = html.find('>', i);
    if (end == std::string::npos)
      return "tag without end";
    std::string tag = html.substr(i + 1, end - i - 1);
    i = end;
    if (std::count(tag.begin(), tag.end(), '"') % 2 != 0)
      return "quote without end: " + tag;
    const bool closes = tag.starts_with('/'), single = tag.ends_with('/');
    const std::string name = tag.substr(closes, tag.find_first_of(" \n/", closes) - closes);
    if (closes) {
      if (open.empty() || open.back() != name)
        return "</" + name + "> closes " + (open.empty() ? "nothing" : open.back());
      open.pop_back();
    } else if (!single && alone.count(name) == 0) {
      open.push_back(name);
      if (name == "style")
        i = html.find("</style>", i) - 1;
    }
  }
  return open.empty() ? "" : "never closed: " + open.back();
}

/// A copy without one group or array.
Tree without(const Tree& tree, const std::string& path, const std::string& here = "") {
  Tree copy;
  copy.attributes = tree.attributes;
  for (const auto& [name, array] : tree.arrays())
    if (here + name != path)
      copy.set(name, array);
  for (const auto& [name, group] : tree.groups())
    if (here + name != path)
      copy.group(name) = without(group, path, here + name + "/");
  return copy;
}

void list_paths(const Tree& tree, const std::string& here, std::vector<std::string>& paths) {
  for (const auto& [name, array] : tree.arrays())
    paths.push_back(here + name);
  for (const auto& [name, group] : tree.groups()) {
    paths.push_back(here + name);
    list_paths(group, here + name + "/", paths);
  }
}

TEST(Fault, TheCheckItselfFindsFaults) {
  EXPECT_EQ(first_fault("<p>a<b>c</b></p>"), "");
  EXPECT_NE(first_fault("<p>a<b>c</p></b>"), "");
  EXPECT_NE(first_fault("<p>"), "");
  EXPECT_NE(first_fault("<p title=\"a>b</p>"), "");
}

TEST(Page, IsWellFormedAndStandsAlone) {
  const Tree tree = synthetic_result();
  const Report report = make_report(tree);
  EXPECT_EQ(first_fault(report.html), "");
  for (const char* outside : {"<script", "src=\"http", "@import", "url(", "<link"})
    EXPECT_EQ(report.html.find(outside), std::string::npos) << outside;
  for (const char* expected : {"Synthetic glass &lt;1&gt;",
                               "15 frames are missing near 500 s",
                               "600 frames of 96 × 96 pixels, 2.5 s apart (25 min in all)",
                               "in 4 bins from q = 2.56 to 2.74 Å⁻¹",
                               "Mittag-Leffler",
                               "estimator = &quot;symmetric&quot;",
                               "vitrum xpcs scan.h5 -o out.h5",
                               "normalise frames",
                               "factor 2",
                               "Truth against measurement"})
    EXPECT_NE(report.html.find(expected), std::string::npos) << expected;
  if (const char* folder = std::getenv("VITRUM_FIGURES")) {
    std::ofstream(std::filesystem::path(folder) / "report.html") << report.html;
    for (const File& file : report.files)
      std::ofstream(std::filesystem::path(folder) / file.name) << file.bytes;
  }
}

/// Every link to a file once, every file linked.
void expect_complete(const Tree& tree, const std::string& what) {
  ReportOptions options;
  options.folder = "figures";
  const Report report = make_report(tree, options);
  std::set<std::string> linked, made;
  const std::string mark = "<a href=\"figures/";
  for (std::size_t i = report.html.find(mark); i != std::string::npos;
       i = report.html.find(mark, i + 1)) {
    const std::size_t from = i + mark.size();
    EXPECT_TRUE(linked.insert(report.html.substr(from, report.html.find('"', from) - from)).second)
        << what;
  }
  for (const File& file : report.files) {
    EXPECT_TRUE(made.insert(file.name).second) << file.name << ' ' << what;
    EXPECT_FALSE(file.bytes.empty()) << file.name << ' ' << what;
    if (file.name.ends_with(".svg")) {
      EXPECT_EQ(first_fault(file.bytes.substr(file.bytes.find("<svg"))), "") << file.name;
    }
  }
  EXPECT_EQ(linked, made) << what;
}

TEST(Page, LinksToEveryFileOnceAndToNoOther) {
  const Tree tree = synthetic_result({3, 3, 9, 24, 16});
  expect_complete(tree, "all");
  expect_complete(Tree{}, "nothing");
  expect_complete(synthetic_result({1, 1, 7, 24, 16}), "one of everything");
  expect_complete(synthetic_result({27, 2, 8, 24, 16}), "many bins");
  for (const char* absent : {"entry/window",
                             "entry/twotime",
                             "entry/intensity",
                             "entry/image",
                             "entry/image/mask",
                             "entry/fit",
                             "entry/g2",
                             "entry/saxs"})
    expect_complete(without(tree, absent), absent);
  ReportOptions options;
  options.files = false;
  EXPECT_TRUE(make_report(tree, options).files.empty());
}

TEST(Page, FilesHaveFixedNames) {
  std::vector<std::string> names;
  for (const File& file : make_report(synthetic_result({2, 2, 9, 24, 16})).files)
    names.push_back(file.name);
  EXPECT_EQ(names,
            (std::vector<std::string>{"two_time_bin_1.svg",
                                      "two_time_bin_1.csv",
                                      "two_time_bin_2.svg",
                                      "two_time_bin_2.csv",
                                      "g2.svg",
                                      "g2_overlay.svg",
                                      "g2.csv",
                                      "fits.csv",
                                      "aging_kww.svg",
                                      "aging_ml.svg",
                                      "aging_bin_1.svg",
                                      "windows_bin_1.svg",
                                      "aging_bin_2.svg",
                                      "windows_bin_2.svg",
                                      "windows.csv",
                                      "window_curves.csv",
                                      "image.svg",
                                      "image_mean.csv",
                                      "image_mask.csv",
                                      "image_dynamic_labels.csv",
                                      "static.svg",
                                      "intensity.svg",
                                      "static.csv",
                                      "intensity.csv"}));
}

TEST(Page, SameResultSamePage) {
  const Report a = make_report(synthetic_result()), b = make_report(synthetic_result());
  EXPECT_EQ(a.html, b.html);
  ASSERT_EQ(a.files.size(), b.files.size());
  for (std::size_t i = 0; i < a.files.size(); ++i)
    EXPECT_EQ(a.files[i].bytes, b.files[i].bytes);
}

TEST(Page, AnyPartMayBeAbsent) {
  const Tree tree = synthetic_result({2, 2, 7, 24, 16});
  std::vector<std::string> paths;
  list_paths(tree, "", paths);
  EXPECT_GT(paths.size(), 80U);
  ReportOptions options;
  options.files = false;
  for (const std::string& path : paths) {
    const Report report = make_report(without(tree, path), options);
    EXPECT_EQ(first_fault(report.html), "") << path;
  }
}

TEST(Page, OfNothing) {
  const Report report = make_report(Tree{});
  EXPECT_EQ(first_fault(report.html), "");
  EXPECT_NE(report.html.find("XPCS report"), std::string::npos);
}

TEST(Page, PullsCompareTheTrueModelOnly) {
  Tree tree;
  tree.set("entry/bins/bin", make_array(std::vector<Index>{1}));
  tree.set("entry/fit/kww/tau_s", make_array(std::vector<double>{13}, "s"));
  tree.set("entry/fit/kww/tau_s_errors", make_array(std::vector<double>{2}, "s"));
  tree.set("entry/fit/ml/tau_s", make_array(std::vector<double>{99}, "s"));
  tree.set("entry/truth/model", make_scalar(std::string("kww")));
  tree.set("entry/truth/tau_s", make_array(std::vector<double>{10}, "s"));
  const Report report = make_report(tree);
  EXPECT_NE(report.html.find("<td>10 s</td><td>13.0 ± 2.0 s</td><td>+1.50</td>"),
            std::string::npos);
  EXPECT_EQ(report.html.find("<td>10 s</td><td>99 s</td>"), std::string::npos);
}

TEST(Page, PullsAreTakenAgainstTheFitOfTheExactCurve) {
  Tree tree;
  tree.set("entry/bins/bin", make_array(std::vector<Index>{1, 2}));
  tree.set("entry/fit/kww/kww_exponent", make_array(std::vector<double>{0.7, 0.9}));
  tree.set("entry/fit/kww/kww_exponent_errors", make_array(std::vector<double>{0.05, 0.1}));
  tree.set("entry/truth/exponent", make_scalar(0.8));
  tree.set("entry/truth/ideal_fit/kww_exponent", make_array(std::vector<double>{0.75, 0.7}));
  const Report report = make_report(tree);
  EXPECT_NE(report.html.find("<td>0.8</td><td>0.75</td><td>0.70 ± 0.05</td><td>−1.00</td>"),
            std::string::npos);
  EXPECT_NE(report.html.find("<td>0.8</td><td>0.7</td><td>0.90 ± 0.10</td><td>+2.00</td>"),
            std::string::npos);
}

/// Two bins, three windows; every number typed in.
Tree aged_result(const std::vector<std::string>& window_status, const std::string& status) {
  Tree tree;
  using Numbers = std::vector<double>;
  using Texts = std::vector<std::string>;
  tree.set("entry/bins/bin", make_array(std::vector<Index>{1, 2}));
  tree.set("entry/fit/kww/tau_s", make_array(Numbers{13, 20}, "s"));
  tree.set("entry/fit/kww/tau_s_errors", make_array(Numbers{2, 1}, "s"));
  tree.set("entry/fit/kww/status", make_array(Texts{"converged", status}));
  tree.set("entry/window/age_s", make_array(Numbers{0, 50, 100}, "s"));
  const std::vector<Index> shape{2, 3};
  tree.set("entry/window/fit/kww/tau_s", make_array<double>(shape, {NAN, 20, 30, 1, 2, 3}, "s"));
  tree.set("entry/window/fit/kww/tau_s_errors",
           make_array<double>(shape, {NAN, 2, 3, 1, 1, 1}, "s"));
  Texts all = window_status;
  all.insert(all.end(), 3, "converged");
  tree.set("entry/window/fit/kww/status", make_array<std::string>(shape, all, ""));
  return tree;
}

std::string summary_of(const Tree& tree) {
  const std::string html = make_report(tree).html, mark = "<p class=\"summary\">";
  const std::size_t from = html.find(mark) + mark.size();
  return html.substr(from, html.find("</p>", from) - from);
}

TEST(Summary, CountsAnEventOfSeveralBinsOnce) {
  Tree tree;
  tree.set("entry/bins/bin", make_array(std::vector<Index>{1, 2, 3}));
  tree.set("entry/series/frame_time_s", make_scalar(2.0, "s"));
  tree.set("entry/event/bin", make_array(std::vector<Index>{1, 2, 2}));
  tree.set("entry/event/time_s", make_array(std::vector<double>{100, 102, 300}, "s"));
  EXPECT_NE(summary_of(tree).find(
                "2 sudden events were found, at 100 s in 2 of 3 bins, 300 s in 1 of 3 bins."),
            std::string::npos)
      << summary_of(tree);
}

TEST(Summary, SpeaksOfGoodFitsOnly) {
  EXPECT_EQ(summary_of(aged_result({"too few points", "converged", "near bound"}, "converged")),
            "The result holds correlation functions in 2 bins. The KWW fit of bin 1 gives τ = 13.0 "
            "± 2.0 s. The KWW fit of bin 2 gives τ = 20.0 ± 1.0 s. From age 50 s to 100 s, τ of "
            "bin 1 goes from 20.0 ± 2.0 s to 30.0 ± 3.0 s (KWW); 1 of the 3 windows gave no good "
            "fit.");
  const std::string doubtful =
      summary_of(aged_result({"too few points", "at bound", "converged"}, "at bound"));
  EXPECT_TRUE(doubtful.ends_with("The KWW fit of bin 2 gives no result (status: at bound)."))
      << doubtful;
  EXPECT_EQ(doubtful.find("20.0"), std::string::npos);
}

TEST(Page, CaptionsPromiseOnlyWhatIsDrawn) {
  const Tree tree = synthetic_result({1, 30, 16, 100, 24});
  ReportOptions options;
  options.files = false;
  const std::string with = make_report(tree, options).html;
  EXPECT_NE(with.find("below, the mean counts"), std::string::npos);
  EXPECT_NE(with.find("12 of the 30 evenly chosen"), std::string::npos);
  EXPECT_EQ(with.find("Hollow: fits"), std::string::npos);
  const std::string bare = make_report(without(tree, "entry/intensity"), options).html;
  EXPECT_NE(bare.find("gaps in grey."), std::string::npos);
  EXPECT_EQ(bare.find("below, the mean counts"), std::string::npos);
}

TEST(Page, SaysWhereBigImagesStand) {
  const std::string sentence = "they stand in the result file under entry/image";
  const Report small = make_report(synthetic_result({1, 1, 7, 24, 40}));
  const Report big = make_report(synthetic_result({1, 1, 7, 24, 300}));
  EXPECT_EQ(small.html.find(sentence), std::string::npos);
  EXPECT_NE(big.html.find(sentence), std::string::npos);
  for (const File& file : big.files)
    EXPECT_NE(file.name, "image_mean.csv");
}

TEST(Page, ExplainsHollowMarks) {
  Tree tree = synthetic_result({1, 3, 16, 50, 24});
  Array status = tree.at("entry/window/fit/kww/status");
  std::get<std::vector<std::string>>(status.values).at(1) = "at bound";
  tree.set("entry/window/fit/kww/status", status);
  EXPECT_NE(make_report(tree).html.find("Hollow: fits whose status"), std::string::npos);
}

bool has_truth_curve(const Tree& tree) {
  for (const Figure& figure : make_g2_figures(tree))
    for (const plot::Panel& panel : figure.panels)
      for (const plot::Series& series : panel.series)
        if (series.label == "truth")
          return true;
  return false;
}

TEST(Truth, OfTwoTimesIsNotComparedWithOneCurve) {
  const std::string sentence = "its truth is a function of two times";
  Tree tree = synthetic_result();
  tree.set("entry/truth/lag_s", tree.at("entry/g2/lag_s"));
  tree.set("entry/truth/g2", tree.at("entry/g2/g2"));
  tree.set("entry/truth/aging", make_scalar(std::string("none")));
  tree.set("entry/truth/event_frame", make_array(std::vector<Index>{}));
  EXPECT_FALSE(compare_with_truth(tree).empty());
  EXPECT_TRUE(has_truth_curve(tree));
  EXPECT_EQ(make_report(tree).html.find(sentence), std::string::npos);
  Tree aging = tree, events = tree;
  aging.set("entry/truth/aging", make_scalar(std::string("power")));
  events.set("entry/truth/event_frame", make_array(std::vector<Index>{50}));
  for (const Tree& changing : {aging, events}) {
    EXPECT_TRUE(compare_with_truth(changing).empty());
    EXPECT_FALSE(has_truth_curve(changing));
    const std::string html = make_report(changing).html;
    EXPECT_NE(html.find(sentence), std::string::npos);
    EXPECT_EQ(html.find("A pull is"), std::string::npos);
  }
}

TEST(Truth, OfTheBaselineIsOne) {
  Index rows = 0;
  for (const TruthRow& row : compare_with_truth(synthetic_result()))
    if (row.parameter == "baseline") {
      EXPECT_EQ(row.truth, 1);
      EXPECT_NEAR(row.pull, (row.measured - 1) / row.error, 1e-9);
      ++rows;
    }
  EXPECT_EQ(rows, 4);
}

TEST(Page, RefusesNonsense) {
  ReportOptions options;
  options.detailed_bins = -1;
  EXPECT_THROW((void)make_report(Tree{}, options), OptionError);
}

} // namespace
} // namespace vitrum::report
