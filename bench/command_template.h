// CommandTemplate: one or more commands (words separated by ";") whose placeholders are filled afresh for every
// repetition:
//
//   __rand__        12 digits below the keyspace; the same wherever it stands in one repetition
//   __rand_score__  12 digits below the keyspace, drawn separately
//   __seq__         12 digits, the repetition's number: never twice in a run
//   __now__         13 digits, milliseconds since the epoch
//
// All are of fixed width, so a batch is encoded once and then only its digits are overwritten: the driver must cost
// less than the server.  Thread safety: immutable; batches belong to their connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace usher::bench {

class CommandTemplate {
 public:
  /// The words of the commands, e.g. {"SET", "k:__rand__", "1", ";", "GET", "k:__rand__"}.
  explicit CommandTemplate(const std::vector<std::string>& words);

  size_t commands() const { return commands_; }
  size_t bytes() const { return text_.size(); }
  /// `repetitions` copies, to be filled.
  std::string MakeBatch(size_t repetitions) const;
  /// Overwrites the digits of repetition `index` of a batch.
  void Fill(std::string& batch, size_t index, uint64_t random, uint64_t score, uint64_t sequence, int64_t now_ms) const;

 private:
  enum class Kind : uint8_t { kRandom, kScore, kSequence, kNow };
  struct Field {
    size_t offset;
    Kind kind;
  };

  std::string text_;
  std::vector<Field> fields_;
  size_t commands_ = 0;
};

}  // namespace usher::bench
