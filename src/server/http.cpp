#include "http.hpp"

#include <memory>

#include <httplib.h>

namespace vitrum::server {
namespace {

constexpr std::size_t largest_request = 1 << 20;

std::string token_of(const httplib::Request& request, const std::string& cookie) {
  if (request.has_param("token"))
    return request.get_param_value("token");
  const auto cookies = request.get_header_value("Cookie");
  const std::string name = cookie + "=";
  for (std::size_t at = cookies.find(name); at != cookies.npos; at = cookies.find(name, at + 1))
    if (at == 0 || cookies[at - 1] == ' ' || cookies[at - 1] == ';') {
      const auto begin = at + name.size();
      return cookies.substr(begin, cookies.find(';', begin) - begin);
    }
  return {};
}

/// As it is: httplib would compress with the slowest level of brotli, which takes seconds and gains
/// nothing on the way to a browser on the same machine.
void send_plain(httplib::Response& to, std::string body, const std::string& type) {
  if (body.empty())
    return to.set_content("", type);
  const auto kept = std::make_shared<const std::string>(std::move(body));
  to.set_content_provider(
      kept->size(), type, [kept](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
        return sink.write(kept->data() + offset, length);
      });
}

void respond(Site& site, const httplib::Request& from, httplib::Response& to) {
  Request request;
  request.method = from.method;
  request.path = from.path;
  request.query.insert(from.params.begin(), from.params.end());
  request.host = from.get_header_value("Host");
  request.token = token_of(from, site.options().cookie);
  request.content_type = from.get_header_value("Content-Type");
  request.body = from.body;
  auto response = site.answer(request);
  to.status = response.status;
  to.set_header("Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: "
                "blob:; connect-src 'self'; font-src 'self' data:; base-uri 'none'; form-action "
                "'none'; frame-ancestors 'none'");
  to.set_header("X-Content-Type-Options", "nosniff");
  to.set_header("Referrer-Policy", "no-referrer");
  to.set_header("Cross-Origin-Resource-Policy", "same-origin");
  to.set_header("Cross-Origin-Opener-Policy", "same-origin");
  const bool named_by_content = request.path.starts_with("/assets/") && response.status == 200;
  to.set_header("Cache-Control", named_by_content ? "max-age=31536000, immutable" : "no-store");
  if (!site.options().token.empty() && response.status == 200 && from.has_param("token"))
    to.set_header("Set-Cookie",
                  site.options().cookie + "=" + request.token +
                      "; Path=/; HttpOnly; SameSite=Strict");
  if (!response.download.empty())
    to.set_header("Content-Disposition", "attachment; filename=\"" + response.download + "\"");
  send_plain(to, std::move(response.body), response.type);
}

} // namespace

void attach(httplib::Server& server, Site& site) {
  const auto handler = [&site](const httplib::Request& request, httplib::Response& response) {
    respond(site, request, response);
  };
  server.set_payload_max_length(largest_request);
  server.set_keep_alive_max_count(1000);
  server.set_read_timeout(10);
  server.set_write_timeout(60);
  server.set_tcp_nodelay(true);
  const char* all = ".*";
  server.Get(all, handler);
  server.Post(all, handler);
  server.Put(all, handler);
  server.Patch(all, handler);
  server.Delete(all, handler);
}

} // namespace vitrum::server
