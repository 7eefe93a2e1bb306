// See error_text.h.
#include "server/error_text.h"

#include "engine/base/assert.h"

namespace usher::server {
namespace {

using engine::Error;

/// Errors of streams.
std::string_view StreamText(Error error) {
  switch (error) {
    case Error::kStreamIdInvalid:
      return "ERR Invalid stream ID specified as stream command argument";
    case Error::kStreamIdTooSmall:
      return "ERR The ID specified in XADD is equal or smaller than the target stream top item";
    case Error::kStreamExhausted:
      return "ERR The stream has exhausted the last possible ID, unable to add more items";
    default:
      return "ERR Elements are too large to be stored";
  }
}

/// Errors of waiting rooms.
std::string_view QueueText(Error error) {
  switch (error) {
    case Error::kQueueName:
      return "ERR invalid queue name: it must not be empty or hold '{' or '}'";
    case Error::kQueueFull:
      return "QUEUEFULL the queue is full";
    case Error::kQueueClosed:
      return "QUEUECLOSED the queue is closed";
    case Error::kQueueScoreInvalid:
      return "ERR SCORE is not a valid number of milliseconds";
    case Error::kQueueFieldUnknown:
      return "ERR unknown queue setting";
    default:
      return "ERR invalid value for a queue setting";
  }
}

// No default: the compiler sees to it that every error has a text.
std::string_view PlainText(Error error) {
  switch (error) {
    case Error::kSyntax:
      return "ERR syntax error";
    case Error::kWrongType:
      return "WRONGTYPE Operation against a key holding the wrong kind of value";
    case Error::kNotAnInteger:
      return "ERR value is not an integer or out of range";
    case Error::kNotAFloat:
      return "ERR value is not a valid float";
    case Error::kHashValueNotInteger:
      return "ERR hash value is not an integer";
    case Error::kHashValueNotFloat:
      return "ERR hash value is not a float";
    case Error::kOverflow:
      return "ERR increment or decrement would overflow";
    case Error::kNanOrInfinity:
      return "ERR increment would produce NaN or Infinity";
    case Error::kScoreNan:
      return "ERR resulting score is not a number (NaN)";
    case Error::kMinMaxNotFloat:
      return "ERR min or max is not a float";
    case Error::kMinMaxNotString:
      return "ERR min or max not valid string range item";
    case Error::kNoSuchKey:
      return "ERR no such key";
    case Error::kOffsetOutOfRange:
      return "ERR offset is out of range";
    case Error::kIndexOutOfRange:
      return "ERR index out of range";
    case Error::kInvalidExpire:
      return "ERR invalid expire time";
    case Error::kStringTooLong:
      return "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    case Error::kDbIndexOutOfRange:
      return "ERR DB index is out of range";
    case Error::kInvalidDbIndex:
      return "ERR invalid DB index";
    case Error::kInvalidCursor:
      return "ERR invalid cursor";
    case Error::kSameObject:
      return "ERR source and destination objects are the same";
    case Error::kTimeoutNotFloat:
      return "ERR timeout is not a float or out of range";
    case Error::kTimeoutNegative:
      return "ERR timeout is negative";
    case Error::kTimeoutOutOfRange:
      return "ERR timeout is out of range";
    case Error::kMustBePositive:
      return "ERR value is out of range, must be positive";
    case Error::kOutOfMemory:
      return "OOM command not allowed when used memory > 'maxmemory'.";
    case Error::kStreamIdInvalid:
    case Error::kStreamIdTooSmall:
    case Error::kStreamExhausted:
    case Error::kStreamEntryTooLarge:
      return StreamText(error);
    case Error::kQueueName:
    case Error::kQueueFull:
    case Error::kQueueClosed:
    case Error::kQueueScoreInvalid:
    case Error::kQueueFieldUnknown:
    case Error::kQueueFieldValue:
      return QueueText(error);
    case Error::kOk:
      break;
  }
  ASSERT(error != Error::kOk);
  return "ERR";
}

}  // namespace

std::string ErrorText(Error error, std::string_view command_name) {
  std::string text(PlainText(error));
  if (error == Error::kInvalidExpire && !command_name.empty()) {
    ((text += " in '") += command_name) += "' command";
  }
  return text;
}

}  // namespace usher::server
