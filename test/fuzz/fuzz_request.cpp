// Requests of any bytes to the server of vitrum view, with a small result behind it.
#include "../../src/server/test/raw_request.hpp"
#include "../../src/server/test/small_result.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vitrum::server;
  std::filesystem::current_path(SmallResult::get().folder()); // where analyses write
  static Site site({.root = SmallResult::get().folder(), .jobs = true}, {{"/", "<html>"}});
  static RawServer server(site);
  static_cast<void>(server.answer(std::string(data, data + size)));
  return 0;
}
