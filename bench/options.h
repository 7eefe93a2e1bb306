// OptionTable: the options of one subcommand, each bound to the variable that it sets; help is derived from the table.
// Thread safety: none.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace usher::bench {

class OptionTable {
 public:
  /// Declares `--name VALUE`; the variable's present value is the default that the help shows.
  void Add(std::string name, std::string help, std::string* value);
  void Add(std::string name, std::string help, int64_t* value);
  void Add(std::string name, std::string help, double* value);
  /// Declares `--name`, which takes no value.
  void AddFlag(std::string name, std::string help, bool* value);

  /// Sets the variables from `args`, stopping at the first word that is no option (or behind `--`): those that are left
  /// go to `rest`, or are an error if `rest` is null. Returns what is wrong, or an empty string.
  std::string Parse(const std::vector<std::string>& args, std::vector<std::string>* rest = nullptr) const;
  std::string Help() const;

 private:
  struct Option {
    std::string name;
    std::string help;
    std::string initial;
    bool takes_value;
    std::function<bool(std::string_view)> set;
  };
  const Option* Find(std::string_view name) const;

  std::vector<Option> options_;
};

}  // namespace usher::bench
