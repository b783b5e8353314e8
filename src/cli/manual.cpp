#include "manual.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "common_flags.hpp"
#include "vitrum/app/command_table.hpp"
#include "vitrum/core/error.hpp"

namespace vitrum::cli {
namespace {

namespace fs = std::filesystem;

/// As roff shows it: no line begins with a dot or a quote, no dash becomes another character.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool begins = out.empty() || out.back() == '\n';
    if (begins && (c == '.' || c == '\''))
      out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string page_name(const app::Command& command) {
  auto name = "vitrum-" + command.name;
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string head(const std::string& name, const std::string& summary) {
  auto upper = name;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) {
    return static_cast<char>(std::toupper(c));
  });
  return fmt::format(".TH {} 1 \"\" \"vitrum {}\" \"vitrum\"\n.SH NAME\n{} \\- {}\n",
                     roff(upper),
                     VITRUM_VERSION,
                     roff(name),
                     roff(summary));
}

std::string flag(const std::string& name, const std::string& value, const std::string& help) {
  const auto both = name == "output" ? "-o, --output" : "--" + name;
  return fmt::format(".TP\n\\fB{}\\fR{}{}\n{}\n",
                     roff(both),
                     value.empty() ? "" : " ",
                     value.empty() ? "" : "\\fI" + roff(value) + "\\fR",
                     roff(help));
}

std::string page_of(const app::Command& command) {
  const auto session = command.start();
  std::string text = head(page_name(command), command.summary);
  text += fmt::format(".SH SYNOPSIS\n\\fBvitrum {}\\fR {}[\\fIFLAGS\\fR]\n",
                      roff(command.name),
                      command.inputs.empty() ? "" : "\\fI" + roff(command.inputs) + "\\fR ");
  std::string group;
  text += ".SH OPTIONS\n";
  for (const auto& setting : session.settings) {
    if (setting.group != group)
      text += ".SS " + roff(group = setting.group) + "\n";
    auto help = setting.help;
    const bool is_switch = std::holds_alternative<bool*>(setting.target);
    if (const auto now = app::to_text(setting); !is_switch && !now.empty() && now != "nan")
      help += " [" + now + "]";
    if (!setting.needs.empty() && !setting.needs.starts_with("no "))
      help += "; with " + setting.needs;
    text += flag(setting.name, setting.value, help);
  }
  text += ".SS every command\n";
  for (const auto& one : common_flags)
    text += flag(one.name, one.value, one.help);
  text += ".SH EXAMPLES\n.nf\n" + roff(command.examples) + "\n.fi\n";
  return text + ".SH SEE ALSO\n\\fBvitrum\\fR(1)\n";
}

std::string overview_page() {
  auto text = head("vitrum", "how glasses move and how they are ordered");
  text += ".SH SYNOPSIS\n\\fBvitrum\\fR \\fICOMMAND\\fR [\\fIINPUT\\fR] [\\fIFLAGS\\fR]\n.SH "
          "COMMANDS\n";
  for (const auto& command : app::commands())
    text += fmt::format(".TP\n\\fBvitrum {}\\fR\n{}, see \\fB{}\\fR(1)\n",
                        roff(command.name),
                        roff(command.summary),
                        roff(page_name(command)));
  text +=
      ".SH EXIT STATUS\n0 when all went well, 1 when a file, its data or the machine stood in the "
      "way, 2 when the command line was wrong.\n";
  return text;
}

void write_page(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file)
    throw FileError(path.string(), "cannot be written", errno);
}

} // namespace

app::Settings describe(ManualOptions&) {
  return {};
}

std::string run_manual(ManualOptions options, const app::Invocation&, const Monitor&) {
  const fs::path folder = options.inputs.at(0);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    throw FileError(folder.string(), "cannot be made a folder", error.value());
  write_page(folder / "vitrum.1", overview_page());
  for (const auto& command : app::commands())
    write_page(folder / (page_name(command) + ".1"), page_of(command));
  return {};
}

} // namespace vitrum::cli
