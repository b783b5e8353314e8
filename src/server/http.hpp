// The site behind cpp-httplib.
#pragma once
#include "site.hpp"

namespace httplib {
class Server;
}

namespace vitrum::server {

/// Answers of the site for every path, with the headers that keep a page to itself: no scripts and
/// no requests but its own, no frames, no guessing of types. Requests have at most 1 MiB.
void attach(httplib::Server& server, Site& site);

} // namespace vitrum::server
