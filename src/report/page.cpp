#include "vitrum/report/page.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "comparison.hpp"
#include "dynamics.hpp"
#include "exposures.hpp"
#include "figure_parts.hpp"
#include "html.hpp"
#include "page_sections.hpp"
#include "result.hpp"
#include "tables.hpp"
#include "vitrum/core/error.hpp"
#include "vitrum/plot/render.hpp"
#include "vitrum/report/companion_figures.hpp"
#include "vitrum/report/csv.hpp"
#include "vitrum/report/ecm_figures.hpp"
#include "vitrum/report/md_figures.hpp"
#include "vitrum/report/numbers.hpp"

namespace vitrum::report {
namespace {

class Page {
public:
  Page(const Tree& root, const ReportOptions& options)
      : root_(root), result_(root), options_(options) {}

  Report make() {
    body_ += head();
    overview();
    sections_of(companion_sections(root_));
    pairs();
    numbers();
    members();
    maps();
    sections_of(md_sections(root_));
    sections_of(fem_sections(root_, options_.detailed_bins));
    dynamics();
    two_time();
    correlation();
    law();
    exposures();
    aging();
    series();
    truth();
    provenance();
    Report report;
    const std::string title = title_text();
    std::string navigation;
    for (const auto& [id, name] : sections_)
      navigation += fmt::format("<a href=\"#{}\">{}</a> ", id, escaped(name));
    const std::size_t place = body_.find(navigation_mark);
    body_.replace(place, navigation_mark.size(), element("nav", navigation));
    report.html = whole_page(title, body_);
    report.files = std::move(files_);
    return report;
  }

private:
  static constexpr std::string_view navigation_mark = "<!-- navigation -->";

  std::string title_text() const {
    if (!options_.title.empty())
      return options_.title;
    const std::string title = result_.entry().text("title");
    return title.empty() ? "XPCS report" : title;
  }

  std::string head() const {
    const Tree& entry = result_.entry();
    std::string html = element("h1", escaped(title_text()));
    std::string meta;
    const auto add = [&](const std::string& text) {
      if (!text.empty())
        meta += (meta.empty() ? "" : " · ") + escaped(text);
    };
    const std::string start = entry.text("start_time"), date = entry.text("process/date");
    add(start.empty() ? "" : "measured " + start);
    const std::string version = entry.text("process/version");
    add(version.empty() ? "" : "vitrum " + version);
    add(date.empty() ? "" : "analysed " + date);
    if (!meta.empty())
      html += element("p", meta, "class=\"meta\"");
    const auto warnings = entry.texts("process/warnings");
    if (!warnings.empty()) {
      std::string items;
      for (const std::string& warning : warnings)
        items += element("li", escaped(warning));
      html += element("div",
                      element("strong", warnings.size() == 1 ? "Warning" : "Warnings") +
                          element("ul", items),
                      "class=\"warnings\" role=\"note\"");
    }
    html += element("p", escaped(summary_text(result_)), "class=\"summary\"");
    return html + std::string(navigation_mark) + "\n";
  }

  void section(const std::string& id, const std::string& title) {
    sections_.emplace_back(id, title);
    body_ += element("h2", escaped(title), fmt::format("id=\"{}\"", id));
  }

  std::string link(const std::string& name, const std::string& text) const {
    const std::string folder = options_.folder.empty() || options_.folder.ends_with('/')
                                   ? options_.folder
                                   : options_.folder + "/";
    return fmt::format("<a href=\"{}{}\">{}</a>", escaped(folder), escaped(name), escaped(text));
  }

  /// `tables`: CSV files that the caption links to.
  void add_figure(const Figure& drawn,
                  const std::string& name,
                  const std::string& caption,
                  std::vector<File> tables = {}) {
    const Figure figure = in_result_units(drawn, root_);
    std::string links;
    if (options_.files) {
      files_.push_back({name + ".svg", plot::render(figure, plot::Format::svg)});
      links = " " + link(name + ".svg", "SVG");
      for (File& table : tables) {
        links += " " + link(table.name, tables.size() == 1 ? "CSV" : table.name);
        files_.push_back(std::move(table));
      }
    }
    plot::RenderOptions inline_svg;
    inline_svg.for_page = true;
    const std::string picture = plot::render(figure, plot::Format::svg, inline_svg);
    // as wide as reading is comfortable, or as the screen allows
    const std::string sized =
        element("div",
                picture,
                fmt::format("style=\"max-width:{:.0f}px;margin:0 auto\"", 1.4 * figure.width));
    body_ += element("figure",
                     "\n" + element("div", sized, "class=\"card\"") +
                         element("figcaption", escaped(caption) + links));
  }

  void add_figure(const std::optional<Figure>& figure,
                  const std::string& name,
                  const std::string& caption,
                  std::vector<File> tables = {}) {
    if (figure)
      add_figure(*figure, name, caption, std::move(tables));
  }

  void note(const std::string& text) { body_ += element("p", escaped(text), "class=\"note\""); }

  /// What the hollow marks are, where there are some.
  static std::string doubtful_text(const std::optional<Figure>& figure) {
    return !figure || !shows_doubtful(*figure)
               ? ""
               : " Hollow: fits whose status is neither converged nor near bound (see the table), "
                 "without errors, at the edge where they lie beyond the axes, which follow the "
                 "good fits alone.";
  }

  void add_csv(const std::string& text, const std::string& name, const std::string& what) {
    if (text.empty() || !options_.files)
      return;
    files_.push_back({name, text});
    body_ += element("p", fmt::format("{}: {}", escaped(what), link(name, name)), "class=\"note\"");
  }

  /// Figures of several bins stand side by side where the screen is wide.
  template <class Function>
  void side_by_side(Index figures, Function&& add) {
    body_ += figures > 1 ? "<div class=\"pair\">\n" : "<div>\n";
    add();
    body_ += "</div>\n";
  }

  Index detailed() const { return std::min(result_.bins(), options_.detailed_bins); }

  void overview() {
    const std::string series = scalar_table(result_, "series");
    const std::string geometry = scalar_table(result_, "geometry");
    const std::string bins = bin_table(result_);
    if ((series + geometry + bins).empty())
      return;
    section("measurement", "Measurement");
    body_ += series;
    if (!geometry.empty())
      body_ += element("h3", "Geometry") + geometry;
    if (!bins.empty())
      body_ += element("h3", "Bins") + bins;
  }

  void pairs() {
    const auto figure = make_pdf_figure(root_);
    if (!figure)
      return;
    section("pairs", "Structure factor and pair distribution");
    add_figure(
        figure,
        "pair_distribution",
        "Intensity with what free atoms of the composition scatter; S(q); G(r) with its "
        "standard error and, dotted, −4πρr; g(r) with the first shell shaded. Orange: how far "
        "G(r) moves when the range of q ends a tenth earlier; what is not above it may be "
        "termination.",
        {{"structure_factor.csv", csv_structure_factor(root_)},
         {"pair_distribution.csv", csv_pair_distribution(root_)}});
  }

  /// Single numbers of results that have no bins.
  void numbers() {
    if (const std::string table = number_table(result_); !table.empty()) {
      section("numbers", "Numbers");
      body_ += table;
    }
  }

  /// Several results of electron correlation microscopy.
  void members() {
    const std::string table = ecm_series_table(root_);
    if (table.empty())
      return;
    section("series-of-results", "Relaxation along the series");
    body_ += table;
    for (auto& one : make_series_figures(root_))
      add_figure(one.figure, one.name, one.caption);
    add_csv(csv_ecm_series(root_), "series.csv", "The table as numbers");
  }

  void sections_of(std::vector<PageSection> parts) {
    for (auto& part : parts) {
      section(part.id, part.title);
      for (auto& one : part.figures)
        add_figure(one.figure, one.name, one.caption, std::move(one.tables));
      if (!part.numbers.empty())
        body_ += scalar_table(result_, part.numbers);
    }
  }

  /// Electron correlation microscopy.
  void maps() {
    if (const auto figure = make_k_map_figure(root_)) {
      section("k-maps", "Maps of the relaxation");
      add_figure(figure, "k_maps", "Relaxation time over the scan for each bin of the detector.");
    }
    if (root_.find_group("entry/map") == nullptr)
      return;
    section("maps", "Maps of the relaxation");
    add_figure(
        make_tau_map_figure(root_),
        "tau_map",
        "Relaxation time, stretching exponent, contrast and standard error of ln τ of each pixel; "
        "colours from the 1 to the 99 percentile, pixels whose fit means nothing in grey.",
        {{"tau_map.csv", csv_tau_map(root_)}});
    body_ += ecm_pixel_table(root_);
    add_figure(make_histogram_figure(root_),
               "tau_histogram",
               "Fractions of the fitted pixels per unit of ln τ. Solid: the "
               "log-normal law of what is seen; dashed: what is left of it without the noise of "
               "the fits.",
               {{"tau_histogram.csv", csv_tau_histogram(root_)}});
    add_figure(make_domain_figure(root_),
               "domains",
               "Domains that relax twice as slowly as the image, and the covariance of ln τ.");
    add_figure(make_four_point_figure(root_),
               "four_point",
               "Four-point correlation against distance: at one time, where speckle fluctuates "
               "together, and half a series apart, where lasting differences are left.",
               {{"four_point.csv", csv_four_point(root_)}});
    add_figure(make_duration_figure(root_),
               "duration",
               "Relaxation time and exponent of the image against duration, by each estimator. "
               "Dashed: what time means make of a stationary process; dotted: two laws fitted to "
               "the time means, with τ of an endless measurement.",
               {{"duration.csv", csv_duration(root_)}});
    if (const auto verdict = result_.entry().text("duration/verdict"); !verdict.empty())
      body_ += element("p", escaped("Verdict: " + verdict + "."));
    if (const auto drift = make_drift_figure(root_)) {
      section("drift", "Drift");
      add_figure(drift,
                 "drift",
                 "Path of the sample, and its coordinates against time with standard errors.",
                 {{"drift.csv", csv_drift(root_)}});
    }
  }

  void two_time() {
    std::vector<std::pair<Index, Figure>> figures;
    for (Index bin = 1; bin <= detailed(); ++bin)
      if (auto figure = make_two_time_figure(root_, bin, options_.maps))
        figures.emplace_back(bin, std::move(*figure));
    std::vector<std::pair<Index, Figure>> log_maps;
    for (Index bin = 1; bin <= detailed(); ++bin)
      if (auto figure = make_log_map_figure(root_, bin, options_.maps))
        log_maps.emplace_back(bin, std::move(*figure));
    const std::string events = event_table(result_);
    const std::string seams = seam_table(result_);
    if (figures.empty() && log_maps.empty() && events.empty() && seams.empty())
      return;
    section("two-time", "Two-time correlation");
    side_by_side(static_cast<Index>(figures.size()), [&] {
      for (const auto& [bin, figure] : figures)
        add_figure(
            figure,
            fmt::format("two_time_bin_{}", bin),
            fmt::format("C(t₁, t₂) of {}, colours from the 0.5 to the 99.5 percentile, gaps "
                        "in grey{}.",
                        result_.bin_title(bin),
                        figure.panels.size() > 1 ? "; below, the mean counts per pixel and frame"
                                                 : ""),
            {{fmt::format("two_time_bin_{}.csv", bin), csv_two_time(root_, bin, options_.maps)}});
    });
    side_by_side(static_cast<Index>(log_maps.size()), [&] {
      for (const auto& [bin, figure] : log_maps)
        add_figure(figure,
                   fmt::format("log_map_bin_{}", bin),
                   fmt::format("C of {} against the earlier time of a pair of frames and "
                               "the logarithm of their lag, in cells as wide in age as in lag.",
                               result_.bin_title(bin)),
                   {{fmt::format("log_map_bin_{}.csv", bin), csv_log_map(root_, bin)}});
    });
    if (!seams.empty())
      body_ += element("h3", "Seams between the parts") + seams;
    if (!events.empty()) {
      body_ += element("h3", "Sudden events") + events;
    }
  }

  /// `group`: g2 or g2_pixel.
  void add_g2_figures(const std::vector<Figure>& pages, const std::string& group) {
    for (std::size_t i = 0; i < pages.size(); ++i)
      add_figure(pages[i],
                 pages.size() == 1 ? group : fmt::format("{}_{}", group, i + 1),
                 "g₂ against lag with standard errors and the fits of all models; below each, the "
                 "residuals in units of the error (beyond the strip: hollow, at its edge).");
  }

  void pixel_correlation() {
    const auto pages = make_g2_figures(root_, "g2_pixel");
    if (pages.empty())
      return;
    body_ += element("h3", "Pixel by pixel");
    add_g2_figures(pages, "g2_pixel");
    body_ += fit_table(result_, "g2_pixel");
    add_csv(csv_g2(root_, "g2_pixel"), "g2_pixel.csv", "g₂ pixel by pixel and fits as numbers");
    add_csv(csv_fits(root_, "g2_pixel"), "fits_pixel.csv", "Parameters as numbers");
  }

  void dynamics() {
    std::vector<std::pair<Index, std::vector<std::string>>> found;
    for (Index bin = 1; bin <= detailed(); ++bin)
      if (auto sentences = findings(result_, bin); !sentences.empty())
        found.emplace_back(bin, std::move(sentences));
    if (found.empty())
      return;
    section("dynamics", "What happened over time");
    for (const auto& [bin, sentences] : found) {
      std::string items;
      for (const auto& sentence : sentences)
        items += element("li", escaped(sentence));
      body_ += element("h3", escaped(result_.bin_title(bin))) + element("ul", items);
      const auto dynamics = make_dynamics_figure(root_, bin);
      // the plateau and its coupling are drawn where they were measured
      static constexpr const char* panels[] = {
          "a mean relaxation time against age, one standard error, with the stretches found (blue "
          "aging, green stationary, orange accelerating, purple intermittent) and events (dashed)",
          "; b short-time plateau",
          "; c both scaled to [0, 1], the plateau without its line and turned over",
          "; d their rolling correlation, shaded where it is more than chance"};
      std::string caption;
      for (std::size_t i = 0; dynamics && i < std::min(dynamics->panels.size(), std::size(panels));
           ++i)
        caption += panels[i];
      add_figure(dynamics, fmt::format("dynamics_bin_{}", bin), caption + ".");
      add_figure(make_zoom_figure(root_, bin, options_.maps),
                 fmt::format("stretches_bin_{}", bin),
                 "C(t₁, t₂) over one stretch of each kind of dynamics and around the first event.");
    }
    const std::string segments = segment_table(result_);
    if (!segments.empty())
      body_ += details("Table of the stretches, with 68 % intervals of their ends", segments);
  }

  void correlation() {
    const auto pages = make_g2_figures(root_);
    const std::string fits = fit_table(result_);
    if (pages.empty() && fits.empty())
      return;
    section("g2", "Correlation functions and fits");
    add_g2_figures(pages, "g2");
    add_figure(make_g2_overlay(root_), "g2_overlay", "g₂ of all bins with the preferred fit.");
    const auto tau_q = make_tau_q_figure(root_);
    add_figure(tau_q,
               "tau_q",
               "Relaxation time against q with a power law through the points of good fits where "
               "there are three or more." +
                   doubtful_text(tau_q));
    const auto models = result_.fits();
    if (!tau_q && result_.q().size() >= 3 && !models.empty() &&
        std::none_of(models.begin(), models.end(), [](const auto& fit) { return fit.any_good(); }))
      note("No fit is good in any bin: τ against q is not drawn.");
    body_ += fits;
    add_csv(csv_g2(root_), "g2.csv", "g₂ and fits as numbers");
    add_csv(csv_fits(root_), "fits.csv", "Parameters as numbers");
    pixel_correlation();
  }

  void law() {
    const std::string text = comparison_text(result_);
    if (text.empty())
      return;
    section("law", "The law of decay");
    side_by_side(detailed(), [&] {
      for (Index bin = 1; bin <= detailed(); ++bin)
        if (const auto figure = make_comparison_figure(root_, bin))
          add_figure(*figure,
                     fmt::format("law_bin_{}", bin),
                     fmt::format("Normalised decay of {} in exponential bins of lag (plateaus of "
                                 "the fit of {}), the laws compared, and the limits of the "
                                 "Mittag-Leffler function; dotted level: where the difference in "
                                 "lag of the first two is taken. Below, their residuals relative "
                                 "to the fit.",
                                 result_.bin_title(bin),
                                 display_model(comparison_of(result_, bin)->normalised_by)));
    });
    body_ += text;
    note("A law is contradicted when data sets drawn from it, with the covariance of the measured "
         "ones, hardly ever prefer a rival as clearly as the data do (p: how often). χ², AIC and "
         "BIC use the whole covariance of the lags; held-out lags: squared error of prediction in "
         "units of its variance, 1 for the right law.");
    add_csv(csv_comparison(root_), "law.csv", "Decay and laws as numbers");
  }

  void exposures() {
    const std::string tables = exposure_tables(result_);
    if (tables.empty())
      return;
    section("xsvs", "Speckle contrast statistics");
    side_by_side(detailed(), [&] {
      for (Index bin = 1; bin <= detailed(); ++bin)
        add_figure(make_xsvs_figure(root_, bin),
                   fmt::format("xsvs_bin_{}", bin),
                   fmt::format("Speckle contrast of {} against exposure with standard errors and "
                               "the fits; below, how often a pixel saw k counts in exposures of "
                               "some lengths, and the negative-binomial law fitted to them.",
                               result_.bin_title(bin)));
    });
    body_ += tables;
    note("Contrasts of successive exposures come from the same photons: their errors are "
         "correlated, and the errors of the fits allow for that.");
    add_csv(csv_xsvs(root_), "contrast.csv", "Contrast, modes and fits as numbers");
    add_csv(csv_xsvs_counts(root_), "counts.csv", "Counts as numbers");
  }

  void aging() {
    if (!result_.windows())
      return;
    section("aging", "Aging");
    const Index n = result_.windows()->count();
    const auto shown = static_cast<Index>(windows_shown(n).size());
    const std::string chosen =
        shown == n ? "" : fmt::format(", {} of the {} evenly chosen", shown, n);
    const auto fits = result_.window_fits();
    side_by_side(static_cast<Index>(fits.size()), [&] {
      for (const ModelFit& fit : fits) {
        const auto figure = make_aging_overlay(root_, fit.model);
        add_figure(
            figure,
            "aging_" + fit.model,
            fmt::format("Relaxation of all bins against age, {}.", display_model(fit.model)) +
                doubtful_text(figure));
        if (!figure && !fit.any_good())
          note(fmt::format("No {} fit of a window is good: its relaxation times are not drawn "
                           "against age.",
                           display_model(fit.model)));
      }
    });
    for (Index bin = 1; bin <= detailed(); ++bin) {
      side_by_side(2, [&] {
        const auto figure = make_aging_figure(root_, bin);
        add_figure(figure,
                   fmt::format("aging_bin_{}", bin),
                   fmt::format("Relaxation time, exponent, mean relaxation time and short-time "
                               "plateau of {} against age, one standard error.",
                               result_.bin_title(bin)) +
                       doubtful_text(figure));
        add_figure(make_window_figure(root_, bin),
                   fmt::format("windows_bin_{}", bin),
                   fmt::format("Decay of the correlation of {} in windows of age{}. Values with "
                               "large or unknown errors beyond the axes are left out.",
                               result_.bin_title(bin),
                               chosen));
      });
    }
    body_ += window_tables(result_);
    add_csv(csv_windows(root_), "windows.csv", "Parameters of the windows as numbers");
    add_csv(csv_window_curves(root_), "window_curves.csv", "Curves of the windows as numbers");
  }

  void series() {
    const auto image = make_image_figure(root_);
    const auto profile = make_static_figure(root_);
    const auto intensity = make_intensity_figure(root_);
    if (!image && !profile && !intensity)
      return;
    section("series", "Intensity");
    std::string caption =
        "Mean image on a logarithmic scale, counts as detected, before any correction; masked "
        "pixels and bins.";
    std::vector<File> tables;
    for (const char* name : {"mean", "mask", "dynamic_labels"})
      if (std::string text = csv_image(root_, name); !text.empty())
        tables.push_back({fmt::format("image_{}.csv", name), std::move(text)});
    if (tables.empty())
      caption += " The arrays are too big for a table: they stand in the result file under "
                 "entry/image.";
    add_figure(image, "image", caption, std::move(tables));
    add_figure(profile,
               "static",
               "Mean intensity against q, as detected, before any correction, and that of ten "
               "consecutive parts of the series divided by it: a trend from part to part shows "
               "damage or drift.");
    add_figure(intensity,
               "intensity",
               "Mean counts per pixel and frame against time: of all pixels as detected, of bins "
               "with the dark subtracted where one was given.");
    add_csv(csv_static(root_), "static.csv", "I(q) as numbers");
    add_csv(csv_intensity(root_), "intensity.csv", "Counts against time as numbers");
  }

  void truth() {
    const std::string table = truth_table(result_);
    const bool varies =
        result_.entry().find_group("truth") != nullptr && !result_.stationary_truth();
    if (table.empty() && !varies)
      return;
    section("truth", "Truth against measurement");
    if (varies) {
      body_ += element("p",
                       "The virtual experiment ages or has events: its truth is a function of two "
                       "times and is not compared with one curve.");
      return;
    }
    body_ += element("p",
                     "This is a virtual experiment: the numbers that went in are known. A pull is "
                     "(measured − truth) / error; pulls scatter with mean 0 and width 1 when the "
                     "errors are right.");
    body_ += table;
  }

  void provenance() {
    section("methods", "Methods and provenance");
    body_ += element("h3", "Formulas and conventions") + convention_list(result_);
    const Tree& entry = result_.entry();
    if (const auto corrections = entry.texts("process/corrections"); !corrections.empty()) {
      std::string items;
      for (const std::string& correction : corrections)
        items += element("li", escaped(correction));
      body_ += element("h3", "Corrections, in their order") + element("ol", items);
    }
    if (const auto inputs = input_table(result_); !inputs.empty())
      body_ += element("h3", "Inputs") + inputs;
    if (const auto command = entry.text("process/command_line"); !command.empty())
      body_ += element("h3", "Command") + element("pre", escaped(command));
    if (const auto config = entry.text("process/config"); !config.empty())
      body_ += element("h3", "Settings") + element("pre", escaped(config));
  }

  const Tree& root_;
  Result result_;
  const ReportOptions& options_;
  std::string body_;
  std::vector<std::pair<std::string, std::string>> sections_;
  std::vector<File> files_;
};

} // namespace

void validate(const ReportOptions& options) {
  if (options.detailed_bins < 0)
    throw OptionError(
        fmt::format("detailed_bins = {}: must not be negative", options.detailed_bins));
  validate(options.maps);
}

Report make_report(const Tree& result, const ReportOptions& options) {
  validate(options);
  return Page(result, options).make();
}

} // namespace vitrum::report
