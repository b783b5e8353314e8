#include "vitrum/report/validate.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace vitrum::report {
namespace {

class Search {
public:
  Search(const Tree& root, std::span<const std::string> unread) : root_(root), unread_(unread) {}

  std::vector<std::string> faults() {
    if (attribute_text(root_.attributes, "NX_class") != "NXroot")
      fault("/", "attribute NX_class is not NXroot");
    follow_default();
    if (!is_there("/entry/kind"))
      fault("/entry/kind", "is missing");
    if (!is_there("/entry/definition"))
      fault("/entry/definition", "is missing");
    for (const char* name : {"program", "version", "date", "command_line", "config", "inputs"})
      if (const auto place = fmt::format("/entry/process/{}", name); !is_there(place))
        fault(place, "is missing");
    visit(root_, "");
    return std::move(faults_);
  }

private:
  void fault(const std::string& place, const std::string& what) {
    faults_.push_back(fmt::format("{}: {}", place, what));
  }

  [[nodiscard]] bool is_unread(const std::string& place) const {
    return std::any_of(unread_.begin(), unread_.end(), [&](std::string_view one) {
      return one == place || "/" + std::string(one) == place;
    });
  }
  [[nodiscard]] bool is_there(const std::string& place) const {
    const auto cut = place.rfind('/');
    const Tree* group =
        cut == 0 ? &root_ : root_.find_group(std::string_view(place).substr(1, cut - 1));
    const auto linked = [&](const auto& link) { return link.first == place.substr(cut + 1); };
    return is_unread(place) ||
           (group != nullptr &&
            (group->find(place.substr(cut + 1)) != nullptr ||
             std::any_of(group->links().begin(), group->links().end(), linked)));
  }

  void follow_default() {
    const Tree* group = &root_;
    std::string place;
    for (int depth = 0; depth < 8; ++depth) {
      if (const auto signal = attribute_text(group->attributes, "signal"); !signal.empty()) {
        if (!is_there(place + "/" + signal))
          fault(place, fmt::format("the default plot: no signal '{}'", signal));
        return;
      }
      const auto next = attribute_text(group->attributes, "default");
      if (next.empty())
        break;
      group = group->find_group(next);
      place += "/" + next;
      if (group == nullptr)
        return fault(place, "the default plot is missing");
    }
    fault(place.empty() ? "/" : place, "no attribute 'default' or 'signal': nothing to plot");
  }

  void visit(const Tree& group, const std::string& place) {
    if (attribute_text(group.attributes, "NX_class") == "NXdata")
      check_plot(group, place);
    for (const auto& [name, array] : group.arrays()) {
      check_errors(group, place, name, array);
      if (name.ends_with("_s") && !std::holds_alternative<std::vector<std::string>>(array.values) &&
          attribute_text(array.attributes, "units").empty())
        fault(place + "/" + name, "no units");
    }
    for (const auto& [name, below] : group.groups())
      visit(below, place + "/" + name);
  }

  void check_errors(const Tree& group,
                    const std::string& place,
                    const std::string& name,
                    const Array& array) {
    if (!name.ends_with("_errors"))
      return;
    const auto of = name.substr(0, name.size() - std::string_view("_errors").size());
    const Array* value = group.find(of);
    if (value == nullptr) {
      if (!is_there(place + "/" + of) && !of.starts_with("log_")) // that of ln tau is beside tau
        fault(place + "/" + name, fmt::format("no '{}' beside it", of));
      return;
    }
    if (value->shape != array.shape)
      fault(place + "/" + name,
            fmt::format("shape [{}], that of '{}' is [{}]",
                        fmt::join(array.shape, ", "),
                        of,
                        fmt::join(value->shape, ", ")));
    const auto numbers = to_numbers(array);
    if (std::any_of(numbers.begin(), numbers.end(), [](double e) { return e < 0; }))
      fault(place + "/" + name, "negative");
  }

  void check_plot(const Tree& group, const std::string& place) {
    const auto signal = attribute_text(group.attributes, "signal");
    if (signal.empty())
      return fault(place, "NXdata without attribute 'signal'");
    if (!is_there(place + "/" + signal))
      return fault(place, fmt::format("no signal '{}'", signal));
    const auto named = group.attributes.find("axes");
    if (named == group.attributes.end())
      return; // pixels are counted
    std::vector<std::string> axes;
    if (const auto* list = std::get_if<std::vector<std::string>>(&named->second))
      axes = *list;
    else
      axes = {attribute_text(group.attributes, "axes")};
    const Array* values = group.find(signal);
    if (values != nullptr && values->shape.size() != axes.size())
      return fault(place,
                   fmt::format("{} axes for '{}' of shape [{}]",
                               axes.size(),
                               signal,
                               fmt::join(values->shape, ", ")));
    for (std::size_t d = 0; d < axes.size(); ++d)
      if (axes[d] != ".")
        check_axis(group, place, axes[d], values == nullptr ? -1 : values->shape[d]);
  }

  void
  check_axis(const Tree& group, const std::string& place, const std::string& name, Index length) {
    const auto at = place + "/" + name;
    const Array* axis = group.find(name);
    if (axis == nullptr)
      return is_there(at) ? void() : fault(place, fmt::format("no axis '{}'", name));
    if (length >= 0 && axis->size() != length && axis->size() != length + 1)
      fault(at, fmt::format("an axis of {} values along a side of {}", axis->size(), length));
    if (std::holds_alternative<std::vector<std::string>>(axis->values))
      return;
    if (name != "bin" && // numbers of bins have none
        !std::holds_alternative<std::vector<Index>>(axis->values) &&
        axis->attributes.find("units") == axis->attributes.end())
      fault(at, "an axis without units");
    const auto x = to_numbers(*axis);
    int ups = 0, downs = 0, level = 0;
    for (std::size_t i = 1; i < x.size(); ++i)
      (x[i] > x[i - 1] ? ups : x[i] < x[i - 1] ? downs : level) += 1;
    if ((ups > 0 && downs > 0) || level > 0)
      fault(at, "an axis that does not go one way");
  }

  const Tree& root_;
  std::span<const std::string> unread_;
  std::vector<std::string> faults_;
};

} // namespace

std::vector<std::string> find_faults(const Tree& result, std::span<const std::string> unread) {
  return Search(result, unread).faults();
}

} // namespace vitrum::report
