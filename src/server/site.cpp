#include "site.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "vitrum/core/error.hpp"

namespace vitrum::server {
namespace {

namespace fs = std::filesystem;

Response failure(int status, const std::string& message) {
  const nlohmann::json body{{"message", message}};
  return {status,
          "application/json",
          body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
          {}};
}

/// Takes as long for any wrong token.
bool same_token(const std::string& given, const std::string& expected) {
  unsigned difference = given.size() != expected.size();
  for (std::size_t i = 0; i < expected.size(); ++i)
    difference |= static_cast<unsigned char>(i < given.size() ? given[i] : 0) ^
                  static_cast<unsigned char>(expected[i]);
  return difference == 0;
}

} // namespace

std::string state_of(const fs::path& file) {
  std::error_code error;
  const auto time = fs::last_write_time(file, error);
  const auto bytes = error ? 0 : fs::file_size(file, error);
  if (error)
    throw FileError(file.string(), "cannot be opened", error.value());
  return fmt::format("{} {}", time.time_since_epoch().count(), bytes);
}

std::string_view type_of(std::string_view name) {
  const std::map<std::string_view, std::string_view> types{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".pdf", "application/pdf"},
      {".csv", "text/csv; charset=utf-8"},
      {".json", "application/json"},
      {".woff2", "font/woff2"}};
  const auto dot = name.rfind('.');
  const auto it = dot == name.npos ? types.end() : types.find(name.substr(dot));
  return it == types.end() ? "application/octet-stream" : it->second;
}

Assets read_assets(const fs::path& folder) {
  if (!fs::is_regular_file(folder / "index.html"))
    throw FileError(folder.string(),
                    "the page of the viewer is not there: it is made with the program where npm "
                    "is at hand (apt-get install nodejs npm), unless VITRUM_WEB=OFF");
  Assets assets;
  for (const auto& file : fs::recursive_directory_iterator(folder))
    if (file.is_regular_file()) {
      std::ifstream in(file.path(), std::ios::binary);
      assets["/" + file.path().lexically_relative(folder).generic_string()] =
          std::string(std::istreambuf_iterator<char>(in), {});
    }
  assets["/"] = assets.at("/index.html");
  return assets;
}

std::string Query::text(const std::string& name) const {
  const auto it = request_.query.find(name);
  if (it == request_.query.end())
    throw OptionError(fmt::format("the request lacks '{}'", name));
  return it->second;
}

std::string Query::text_or(const std::string& name, std::string otherwise) const {
  return has(name) ? text(name) : std::move(otherwise);
}

double Query::number(const std::string& name) const {
  const auto word = text(name);
  double value = 0;
  const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || stop != word.data() + word.size() || !std::isfinite(value))
    throw OptionError(fmt::format("{} '{}': expected a number", name, word));
  return value;
}

double Query::number_or(const std::string& name, double otherwise) const {
  return has(name) ? number(name) : otherwise;
}

Index Query::whole(const std::string& name) const {
  const auto word = text(name);
  Index value = 0;
  const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || stop != word.data() + word.size())
    throw OptionError(fmt::format("{} '{}': expected a whole number", name, word));
  return value;
}

Index Query::whole_or(const std::string& name, Index otherwise) const {
  return has(name) ? whole(name) : otherwise;
}

Site::Site(SiteOptions options, Assets assets)
    : options_(std::move(options)), assets_(std::move(assets)), folder_(options_.root),
      jobs_(options_.jobs ? std::make_unique<app::JobQueue>(options_.root) : nullptr) {}

app::JobQueue& Site::jobs() {
  if (!jobs_)
    throw OptionError(
        "no analyses are started from here: vitrum view FOLDER without --no-jobs does");
  return *jobs_;
}

fs::path Site::inside(const std::string& name) const {
  const fs::path relative(name);
  const bool plain = !name.empty() && name.find('\0') == name.npos && !relative.is_absolute() &&
                     name.find("::") == name.npos;
  if (!plain)
    throw FileError(name, "is not the name of a file in the folder that is viewed");
  std::error_code error;
  const auto file = fs::weakly_canonical(options_.root / relative, error); // follows links
  const auto [end, rest] =
      std::mismatch(options_.root.begin(), options_.root.end(), file.begin(), file.end());
  if (error || end != options_.root.end())
    throw FileError(name, "lies outside the folder that is viewed");
  if (!options_.only.empty() && file != options_.root / options_.only)
    throw FileError(name, "is not the result that is viewed");
  if (!fs::is_regular_file(file))
    throw FileError(name, "no such file");
  return file;
}

/// Made outside of the lock, so that others are answered meanwhile; at worst twice.
template <class Value, class Make>
std::shared_ptr<const Value> Site::kept(KeptList<Value>& list,
                                        std::size_t most,
                                        const fs::path& file,
                                        const std::string& name,
                                        const Make& make) {
  auto state = state_of(file);
  const auto find = [&] {
    return std::find_if(
        list.begin(), list.end(), [&](const auto& one) { return one.name == name; });
  };
  {
    const std::lock_guard hold(mutex_);
    if (const auto it = find(); it != list.end() && it->state == state) {
      list.splice(list.begin(), list, it);
      return it->value;
    }
  }
  // a result that grows is replaced at any time: also between the reading of its parts
  constexpr int most_tries = 10;
  decltype(make()) made;
  for (int tries = 0; made == nullptr; ++tries) {
    try {
      made = make();
    } catch (const Error&) {
      if (tries == most_tries || state_of(file) == state)
        throw;
    }
    auto now = state_of(file);
    if (now != state && tries < most_tries)
      made.reset();
    state = std::move(now);
  }
  const std::lock_guard hold(mutex_);
  if (const auto it = find(); it != list.end())
    list.erase(it);
  list.push_front({name, state, made});
  if (list.size() > most)
    list.pop_back();
  return made;
}

namespace {
constexpr std::size_t most_open = 4;
constexpr std::size_t most_thumbnails = 2000;
} // namespace

std::shared_ptr<const app::ResultView> Site::result(const std::string& name) {
  const auto file = inside(name);
  return kept(results_, most_open, file, file.string(), [&] {
    return std::make_shared<const app::ResultView>(file.string());
  });
}

std::shared_ptr<const app::SeriesView> Site::series(const std::string& name,
                                                    const std::string& dataset) {
  const auto file = inside(name);
  const auto path = file.string() + (dataset.empty() ? "" : "::" + dataset);
  return kept(series_, most_open, file, path, [&] {
    return std::make_shared<const app::SeriesView>(path);
  });
}

std::string Site::thumbnail(const std::string& name) {
  const auto file = inside(name);
  return *kept(thumbnails_, most_thumbnails, file, file.string(), [&] {
    return std::make_shared<const std::string>(app::ResultView(file.string()).thumbnail_png());
  });
}

PixelChoice pixel_choice(const Query& query) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  return {query.text_or("map", "tau_s"),
          query.number_or("lower", -infinite),
          query.number_or("upper", infinite)};
}

Response Site::answer(const Request& request) {
  try {
    if (!options_.hosts.empty() &&
        std::find(options_.hosts.begin(), options_.hosts.end(), request.host) ==
            options_.hosts.end())
      return failure(403, "this server does not go by the name of the request");
    if (!options_.token.empty() && !same_token(request.token, options_.token))
      return failure(401, "the address lacks the token: add ?token=… to it");
    const bool reads = request.method == "GET" || request.method == "HEAD";
    if (const auto asset = assets_.find(request.path); reads && asset != assets_.end()) {
      const auto& name = request.path == "/" ? std::string("index.html") : request.path;
      return {200, std::string(type_of(name)), asset->second, {}};
    }
    const auto route = routes().find((reads ? "GET" : request.method) + " " + request.path);
    if (route == routes().end()) {
      if (reads)
        return failure(404, "no such page");
      return failure(405, request.method + " is not answered here");
    }
    // pages of other hosts cannot send this type without asking first, and are not answered then
    if (!reads && request.content_type != "application/json")
      return failure(415, "expected a body of application/json");
    return route->second(*this, Query(request));
  } catch (const OptionError& error) {
    return failure(400, error.what());
  } catch (const FileError& error) {
    return failure(404, error.what());
  } catch (const Error& error) {
    return failure(422, error.what());
  } catch (const std::bad_alloc&) {
    return failure(507, "not enough memory");
  } catch (const std::exception& error) {
    return failure(500, error.what());
  }
}

} // namespace vitrum::server
