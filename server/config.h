// Config: the settings of the running server. It knows no socket: the CONFIG commands and main() call it.
//
//   file, command line --SetAtStart()--> settings_ (checked texts) --typed fields--> ConfigValues --atomic--> readers
//   CONFIG SET --------Set()-----------^                                             (one acquire load: Current())
//
// Invariants: settings_[i] is a checked value of ConfigDirectives()[i]; *Current() is made of exactly settings_; a
// failed Set() changes nothing. Snapshots live until the Config dies: a reader may keep its pointer as long as it
// likes. An equal older snapshot is published again instead of a new one, so toggling a setting for ever costs no
// memory. Complexity: Set() copies all settings (some 200 short texts); Current() is one load. Thread safety: Current()
// from any thread. Get(), Set() and Rewrite() serialise on a mutex. SetAtStart(), AddVeto() and AddObserver() only
// before other threads run.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/mutex.h"
#include "server/config_directive.h"
#include "server/config_values.h"

namespace usher::server {

/// One pair of CONFIG SET, one line of CONFIG GET's answer.
struct ConfigPair {
  std::string name;
  std::string value;
};

/// What a Set() is about to change or has changed.
struct ConfigChange {
  const ConfigValues& before;
  const ConfigValues& after;
  std::span<const ConfigDirective* const> changed;

  /// True if the directive of that name (not an alias) has a new value.
  bool Has(std::string_view name) const;
};

class Config {
 public:
  /// Carries a change out (rebinds a port) or refuses it: returns why, or "". When a later step refuses, it is called
  /// once more with before and after exchanged.
  using Veto = std::function<std::string(const ConfigChange&)>;
  /// Runs after a change is published.
  using Observer = std::function<void(const ConfigChange&)>;
  enum class Caller : uint8_t { kRemote, kLocal };  // whether enable-protected-configs "local" lets it through

  Config();
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;

  /// The values in force.
  const ConfigValues* Current() const { return current_.load(std::memory_order_acquire); }

  /// CONFIG GET: each directive that a pattern matches, once, aliases included.
  std::vector<ConfigPair> Get(std::span<const std::string_view> patterns) const;

  /// CONFIG SET: all pairs or none. Returns the error reply ("ERR ..."), or "".
  [[nodiscard]] std::string Set(std::span<const ConfigPair> pairs, Caller caller);

  /// CONFIG REWRITE. Returns the error reply, or "".
  [[nodiscard]] std::string Rewrite() const;

  /// Start-up: sets what one line of a file says. Returns the reason if it is refused, or "". Not seen by Current()
  /// until PublishAtStart().
  [[nodiscard]] std::string SetAtStart(const ConfigDirective& directive, const std::vector<std::string>& words);
  void PublishAtStart();

  /// The absolute path of the file that REWRITE writes; "" without one.
  const std::string& file() const { return file_; }
  void SetFile(std::string path) { file_ = std::move(path); }

  /// `names` are the directives that the veto carries out; it is called when one of them changes.
  void AddVeto(std::vector<std::string_view> names, Veto veto);
  void AddObserver(Observer observer) { observers_.push_back(std::move(observer)); }

 private:
  struct NamedVeto {
    std::vector<std::string_view> names;
    Veto veto;
  };
  struct Refusal {
    std::string_view name;  // the directive it is about
    std::string reason;     // "": none
  };

  std::string CheckNames(std::span<const ConfigPair> pairs, Caller caller) const;
  std::string Stage(std::span<const ConfigPair> pairs, std::vector<ConfigSetting>& staged) const;
  std::vector<const ConfigDirective*> ChangedFrom(const std::vector<ConfigSetting>& staged) const;
  Refusal CarryOut(const ConfigChange& change) const;
  void Undo(const ConfigChange& change, size_t vetoes_run) const;
  bool IsCarriedOut(const ConfigDirective& directive) const;
  const ConfigValues* Retain(ConfigValues values);

  // Constant once the server runs.
  std::vector<ConfigSetting> defaults_;
  std::string file_;
  std::vector<NamedVeto> vetoes_;
  std::vector<Observer> observers_;
  bool save_points_named_ = false;  // at start: the default ones are gone

  // Guarded by mutex_.
  mutable engine::Mutex mutex_;
  std::vector<ConfigSetting> settings_;
  std::vector<std::unique_ptr<const ConfigValues>> snapshots_;

  std::atomic<const ConfigValues*> current_{nullptr};
};

}  // namespace usher::server
