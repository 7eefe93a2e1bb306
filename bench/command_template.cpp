// See command_template.h.
#include "bench/command_template.h"

#include <array>
#include <stdexcept>

#include "bench/resp_client.h"

namespace usher::bench {
namespace {

constexpr size_t kDigits = 12;
constexpr size_t kNowDigits = 13;
constexpr std::string_view kPlaceholders[] = {"__rand__", "__rand_score__", "__seq__",
                                              "__now__"};  // in the order of Kind
constexpr size_t kNowIndex = 3;

void WriteDigits(char* begin, size_t digits, uint64_t value) {
  for (size_t i = digits; i-- > 0; value /= 10) begin[i] = static_cast<char>('0' + value % 10);
}

/// A word with its placeholders widened to their digits. The marks 1..4 stand at each field's first byte until the
/// word's place in the encoded command is known.
std::string Widen(std::string word) {
  for (size_t kind = 0; kind < std::size(kPlaceholders); ++kind) {
    size_t found;
    while ((found = word.find(kPlaceholders[kind])) != std::string::npos) {
      std::string digits(kind == kNowIndex ? kNowDigits : kDigits, '0');
      digits[0] = static_cast<char>(kind + 1);
      word.replace(found, kPlaceholders[kind].size(), digits);
    }
  }
  return word;
}

}  // namespace

CommandTemplate::CommandTemplate(const std::vector<std::string>& words) {
  std::vector<std::string> command;
  const auto finish = [&] {
    if (command.empty()) throw std::runtime_error("empty command");
    AppendCommand(text_, std::vector<std::string_view>(command.begin(), command.end()));
    command.clear();
    ++commands_;
  };
  for (const std::string& word : words) {
    if (word == ";") {
      finish();
    } else {
      command.push_back(Widen(word));
    }
  }
  finish();
  for (size_t i = 0; i < text_.size(); ++i) {
    const auto mark = static_cast<size_t>(static_cast<unsigned char>(text_[i]));
    if (mark < 1 || mark > std::size(kPlaceholders)) continue;
    fields_.push_back({i, static_cast<Kind>(mark - 1)});
    text_[i] = '0';
  }
}

std::string CommandTemplate::MakeBatch(size_t repetitions) const {
  std::string batch;
  for (size_t i = 0; i < repetitions; ++i) batch += text_;
  return batch;
}

void CommandTemplate::Fill(std::string& batch, size_t index, uint64_t random, uint64_t score, uint64_t sequence,
                           int64_t now_ms) const {
  char* const base = batch.data() + index * text_.size();
  for (const Field& field : fields_) {
    switch (field.kind) {
      case Kind::kRandom:
        WriteDigits(base + field.offset, kDigits, random);
        break;
      case Kind::kScore:
        WriteDigits(base + field.offset, kDigits, score);
        break;
      case Kind::kSequence:
        WriteDigits(base + field.offset, kDigits, sequence);
        break;
      case Kind::kNow:
        WriteDigits(base + field.offset, kNowDigits, static_cast<uint64_t>(now_ms));
        break;
    }
  }
}

}  // namespace usher::bench
