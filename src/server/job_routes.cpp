#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "json.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::server {
namespace {

using nlohmann::ordered_json;

std::string type_of(const app::Setting& setting) {
  constexpr const char* names[] = {"switch", "whole", "number", "text", "list"};
  return names[setting.target.index()];
}

/// What the form is made of.
Response commands(Site& site, const Query&) {
  (void)site.jobs();
  ordered_json out = ordered_json::array();
  for (const auto* command : app::runnable_commands()) {
    ordered_json settings = ordered_json::array();
    const auto session = command->start();
    for (const auto& setting : session.settings) {
      const auto now = app::to_text(setting);
      settings.push_back({{"name", setting.name},
                          {"group", setting.group},
                          {"value", setting.value},
                          {"help", setting.help},
                          {"needs", setting.needs},
                          {"choices", app::choices_of(setting)},
                          {"type", type_of(setting)},
                          {"default", now == "nan" ? "" : now}});
    }
    out.push_back({{"name", command->name},
                   {"summary", command->summary},
                   {"inputs", command->inputs},
                   {"min_inputs", command->min_inputs},
                   {"max_inputs", command->max_inputs},
                   {"examples", command->examples},
                   {"settings", std::move(settings)}});
  }
  return json_response(out);
}

/// Files that a form can name.
Response files(Site& site, const Query&) {
  (void)site.jobs();
  return json_response(ordered_json(app::files_below(site.options().root)));
}

app::JobRequest request_in(const Query& query) {
  try {
    const auto json = nlohmann::json::parse(query.body());
    app::JobRequest request;
    request.command = json.at("command").get<std::string>();
    request.inputs = json.at("inputs").get<std::vector<std::string>>();
    for (const auto& pair : json.at("values"))
      request.values.emplace_back(pair.at(0).get<std::string>(), pair.at(1).get<std::string>());
    return request;
  } catch (const nlohmann::json::exception& error) {
    throw OptionError(fmt::format("the request is not understood: {}", error.what()));
  }
}

ordered_json to_json(const app::JobWords& words) {
  return {{"command_line", words.command_line}, {"python", words.python}};
}

Response check(Site& site, const Query& query) {
  return json_response(to_json(site.jobs().check(request_in(query))));
}

Response run(Site& site, const Query& query) {
  return json_response({{"number", site.jobs().start(request_in(query))}});
}

Response jobs(Site& site, const Query&) {
  ordered_json out = ordered_json::array();
  for (const auto& job : site.jobs().states()) {
    const auto words = to_json(job.words);
    out.push_back({{"number", job.number},
                   {"command_line", words["command_line"]},
                   {"python", words["python"]},
                   {"status", app::name(job.status)},
                   {"done", job.done},
                   {"total", job.total},
                   {"progress", job.progress},
                   {"log", job.log},
                   {"text", job.text},
                   {"output", job.output}});
  }
  return json_response(out);
}

Response cancel(Site& site, const Query& query) {
  try {
    site.jobs().cancel(nlohmann::json::parse(query.body()).at("number").get<Index>());
  } catch (const nlohmann::json::exception& error) {
    throw OptionError(fmt::format("the request is not understood: {}", error.what()));
  }
  return json_response(ordered_json::object());
}

} // namespace

void add_job_routes(std::map<std::string, Route>& table) {
  table["GET /api/commands"] = commands;
  table["GET /api/files"] = files;
  table["GET /api/jobs"] = jobs;
  table["POST /api/check"] = check;
  table["POST /api/run"] = run;
  table["POST /api/cancel"] = cancel;
}

} // namespace vitrum::server
