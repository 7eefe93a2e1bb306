// See string_value.h.
#include "engine/string_value.h"

#include <algorithm>
#include <cstring>

#include "engine/base/memory.h"

namespace usher::engine {
namespace {

constexpr size_t kGrowthBytesMax = size_t{1} << 20;

}  // namespace

RawString::Header* RawString::NewBlock(size_t capacity) {
  Header* header = static_cast<Header*>(Allocate(sizeof(Header) + capacity));
  header->capacity = UsableBytes(header) - sizeof(Header);  // what the allocator rounded up to is ours as well
  return header;
}

RawString RawString::Make(std::string_view bytes) {
  RawString string;
  string.header_ = NewBlock(bytes.size());
  string.header_->size = bytes.size();
  if (!bytes.empty()) std::memcpy(string.data(), bytes.data(), bytes.size());
  return string;
}

void RawString::Destroy() {
  Free(header_);
  header_ = nullptr;
}

std::string_view RawString::view() const {
  return {reinterpret_cast<const char*>(header_ + 1), header_->size};
}
size_t RawString::size() const {
  return header_->size;
}
char* RawString::data() {
  return reinterpret_cast<char*>(header_ + 1);
}
size_t RawString::MemoryBytes() const {
  return UsableBytes(header_);
}

void RawString::Assign(std::string_view bytes) {
  const bool wasteful = header_->capacity / 2 > bytes.size() + sizeof(Header);
  if (bytes.size() > header_->capacity || wasteful) {
    // The new block is made first: `bytes` may be a part of this very string.
    const RawString assigned = Make(bytes);
    Destroy();
    *this = assigned;
    return;
  }
  if (!bytes.empty()) std::memmove(data(), bytes.data(), bytes.size());
  header_->size = bytes.size();
}

void RawString::Reserve(size_t size) {
  if (size <= header_->capacity) return;
  header_ = static_cast<Header*>(Reallocate(header_, sizeof(Header) + size + std::min(size, kGrowthBytesMax)));
  header_->capacity = UsableBytes(header_) - sizeof(Header);
}

void RawString::Resize(size_t size) {
  Reserve(size);
  if (size > header_->size) std::memset(data() + header_->size, 0, size - header_->size);
  header_->size = size;
}

void RawString::Append(std::string_view bytes) {
  if (bytes.empty()) return;
  const size_t old_size = size();
  Reserve(old_size + bytes.size());
  std::memcpy(data() + old_size, bytes.data(), bytes.size());
  header_->size = old_size + bytes.size();
}

void RawString::SetRange(size_t offset, std::string_view bytes) {
  if (bytes.empty()) return;
  if (offset + bytes.size() > size()) Resize(offset + bytes.size());
  std::memcpy(data() + offset, bytes.data(), bytes.size());
}

}  // namespace usher::engine
