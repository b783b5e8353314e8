// The answers to requests, without a network: what a test and a fuzzer can ask as a browser does.
#pragma once
#include <filesystem>
#include <initializer_list>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "vitrum/app/jobs.hpp"
#include "vitrum/app/view.hpp"

namespace vitrum::server {

struct Request {
  std::string method = "GET";
  std::string path;                                // decoded, "/api/tile"
  std::multimap<std::string, std::string> query{}; // decoded
  std::string host{};                              // as the header has it
  std::string token{};                             // of the address or the cookie
  std::string content_type{};                      // of the body
  std::string body{};
};

struct Response {
  int status = 200;
  std::string type = "application/json";
  std::string body{};
  std::string download{}; // name of the file to save; "": shown
};

/// Files of the page by their path in the address.
using Assets = std::map<std::string, std::string>;
/// Reads the page. Throws FileError that says how to get it.
[[nodiscard]] Assets read_assets(const std::filesystem::path& folder);
[[nodiscard]] std::string_view type_of(std::string_view name);

struct SiteOptions {
  std::filesystem::path root;       // folder of results, canonical
  std::string only{};               // the one result that was named, relative to root; "": a folder
  std::string token{};              // "": none is asked for
  std::string cookie = "vitrum";    // its name there; of this server alone, for ports share cookies
  std::vector<std::string> hosts{}; // names this server goes by; empty: any
  bool jobs = false;                // analyses may be started; root is the working folder then
};

/// Another text when the file is another. Throws FileError.
[[nodiscard]] std::string state_of(const std::filesystem::path& file);

/// Values of a request that an answer is made from. Throws OptionError that names the one that is
/// absent or no number.
class Query {
public:
  explicit Query(const Request& request) : request_(request) {}
  [[nodiscard]] std::string text(const std::string& name) const;
  [[nodiscard]] std::string text_or(const std::string& name, std::string otherwise) const;
  [[nodiscard]] double number(const std::string& name) const;
  [[nodiscard]] double number_or(const std::string& name, double otherwise) const;
  [[nodiscard]] Index whole(const std::string& name) const;
  [[nodiscard]] Index whole_or(const std::string& name, Index otherwise) const;
  [[nodiscard]] bool has(const std::string& name) const { return request_.query.contains(name); }
  [[nodiscard]] const std::string& body() const { return request_.body; }

private:
  const Request& request_;
};

/// Thread-safe. Never throws: what cannot be answered is a response with a status and a message.
class Site {
public:
  Site(SiteOptions options, Assets assets);
  [[nodiscard]] Response answer(const Request& request);

  /// The file of a name in a request. Throws FileError for one outside the root.
  [[nodiscard]] std::filesystem::path inside(const std::string& name) const;
  /// The result, opened or still open; anew when the file has changed.
  [[nodiscard]] std::shared_ptr<const app::ResultView> result(const std::string& name);
  /// Frames, opened or still open. `dataset` chooses one of an HDF5 file; "": the reader does.
  [[nodiscard]] std::shared_ptr<const app::SeriesView> series(const std::string& name,
                                                              const std::string& dataset);
  /// A small picture of a result, kept until its file changes.
  [[nodiscard]] std::string thumbnail(const std::string& name);
  [[nodiscard]] app::FolderList& folder() { return folder_; }
  /// Throws OptionError when this server starts no analyses.
  [[nodiscard]] app::JobQueue& jobs();
  [[nodiscard]] const SiteOptions& options() const { return options_; }

private:
  /// What was made of a file, the latest first, as long as the file stays the same.
  template <class Value>
  struct Kept {
    std::string name;
    std::string state; // of the file
    std::shared_ptr<const Value> value;
  };
  template <class Value>
  using KeptList = std::list<Kept<Value>>;
  template <class Value, class Make>
  [[nodiscard]] std::shared_ptr<const Value> kept(KeptList<Value>& list,
                                                  std::size_t most,
                                                  const std::filesystem::path& file,
                                                  const std::string& name,
                                                  const Make& make);
  SiteOptions options_;
  Assets assets_;
  app::FolderList folder_;
  std::mutex mutex_;
  KeptList<app::ResultView> results_;
  KeptList<app::SeriesView> series_;
  KeptList<std::string> thumbnails_;
  std::unique_ptr<app::JobQueue> jobs_;
};

/// The file that a request wants saved: "format" is one of the endings, else OptionError.
struct Saved {
  std::string name; // "g2_bin_1.svg"
  std::string format;
};
[[nodiscard]] Saved
saved_as(const Query& query, const std::string& stem, std::initializer_list<const char*> formats);

/// What of a map of pixels is asked for.
struct PixelChoice {
  std::string map; // "tau_s"
  double lower, upper;
};
[[nodiscard]] PixelChoice pixel_choice(const Query& query);

using Route = Response (*)(Site&, const Query&);
/// By method and path, "GET /api/tile". Those of maps, figures and jobs stand in files of their
/// own.
[[nodiscard]] const std::map<std::string, Route>& routes();
void add_map_routes(std::map<std::string, Route>& table);
void add_figure_routes(std::map<std::string, Route>& table);
void add_series_routes(std::map<std::string, Route>& table);
void add_pixel_routes(std::map<std::string, Route>& table);
void add_job_routes(std::map<std::string, Route>& table);

} // namespace vitrum::server
