// Questions to a site, and what its answers hold.
#pragma once
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "../site.hpp"
#include "small_result.hpp"
#include "vitrum/io/tree_file.hpp"

namespace vitrum::server {

inline Site make_site(SiteOptions options = {}) {
  if (options.root.empty())
    options.root = SmallResult::get().folder();
  return Site(std::move(options), {{"/", "<html>"}, {"/index.html", "<html>"}, {"/a.js", "1"}});
}

inline Response
ask(Site& site, const std::string& path, std::multimap<std::string, std::string> query = {}) {
  Request request;
  request.path = path;
  request.query = std::move(query);
  return site.answer(request);
}

inline std::string message_in(const Response& response) {
  return nlohmann::json::parse(response.body).at("message").get<std::string>();
}

inline std::vector<float> floats_of(const std::string& bytes) {
  std::vector<float> out(bytes.size() / sizeof(float));
  std::memcpy(out.data(), bytes.data(), out.size() * sizeof(float));
  return out;
}

inline std::vector<float> stored_map() {
  const auto array = io::read_array(SmallResult::get().path("result.h5") +
                                    "::/entry/twotime/bin_1/two_time_corr_func");
  return std::get<std::vector<float>>(array.values);
}

} // namespace vitrum::server
