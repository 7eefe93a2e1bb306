// See options.h.
#include "bench/options.h"

#include <charconv>
#include <cstdio>
#include <utility>

namespace usher::bench {
namespace {

template <class Number>
bool ParseWhole(std::string_view text, Number* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

void OptionTable::Add(std::string name, std::string help, std::string* value) {
  options_.push_back({std::move(name), std::move(help), *value, true, [value](std::string_view text) {
                        *value = text;
                        return true;
                      }});
}

void OptionTable::Add(std::string name, std::string help, int64_t* value) {
  options_.push_back({std::move(name), std::move(help), std::to_string(*value), true,
                      [value](std::string_view text) { return ParseWhole(text, value) && *value >= 0; }});
}

void OptionTable::Add(std::string name, std::string help, double* value) {
  char initial[32];
  std::snprintf(initial, sizeof initial, "%g", *value);
  options_.push_back({std::move(name), std::move(help), initial, true,
                      [value](std::string_view text) { return ParseWhole(text, value) && *value > 0; }});
}

void OptionTable::AddFlag(std::string name, std::string help, bool* value) {
  options_.push_back(
      {std::move(name), std::move(help), "", false, [value](std::string_view) { return *value = true; }});
}

const OptionTable::Option* OptionTable::Find(std::string_view name) const {
  for (const Option& option : options_) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

std::string OptionTable::Parse(const std::vector<std::string>& args, std::vector<std::string>* rest) const {
  for (size_t i = 0; i < args.size(); ++i) {
    const Option* option = Find(args[i]);
    if (option == nullptr) {
      const bool is_separator = args[i] == "--";
      if (rest == nullptr || (args[i].starts_with('-') && !is_separator)) return "unknown option " + args[i];
      rest->assign(args.begin() + static_cast<std::ptrdiff_t>(i + (is_separator ? 1 : 0)), args.end());
      return "";
    }
    if (option->takes_value && ++i == args.size()) return option->name + " needs a value";
    if (!option->set(option->takes_value ? std::string_view(args[i]) : std::string_view())) {
      return option->name + " does not take the value " + args[i];
    }
  }
  return "";
}

std::string OptionTable::Help() const {
  std::string help;
  for (const Option& option : options_) {
    std::string line = "  " + option.name + (option.takes_value ? " VALUE" : "");
    line.resize(line.size() < 26 ? 26 : line.size() + 1, ' ');
    line += option.help + (option.initial.empty() ? "" : " (" + option.initial + ")");
    help += line + "\n";
  }
  return help;
}

}  // namespace usher::bench
