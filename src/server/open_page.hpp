// Opening an address in the browser without showing it to others on the machine.
#pragma once
#include <filesystem>
#include <string>

namespace vitrum::server {

/// A page that only its owner can read and that leads to an address: what is given to a browser as
/// an argument, everybody sees in the list of processes. Gone with the object.
class LeadingPage {
public:
  /// Throws FileError.
  explicit LeadingPage(const std::string& address);
  ~LeadingPage();
  LeadingPage(const LeadingPage&) = delete;
  LeadingPage& operator=(const LeadingPage&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return file_; }

private:
  std::filesystem::path folder_, file_;
};

/// The child is left to itself: a browser lives longer than the server, and one that is not there
/// is no error, for the address has been said.
void open_browser(const std::filesystem::path& page);

} // namespace vitrum::server
