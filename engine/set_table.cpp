// See set_table.h.
#include "engine/set_table.h"

#include <cstring>

#include "engine/base/assert.h"

namespace usher::engine {

void SetTable::AddHashed(uint64_t hash, std::string_view member) {
  const Handle handle = arena_.Allocate(RecordBytes(member));
  char* text = PutVarint(arena_.At(handle), member.size());
  if (!member.empty()) std::memcpy(text, member.data(), member.size());
  index_.Insert(hash, handle);
}

bool SetTable::Add(std::string_view member) {
  const uint64_t hash = HashBytes(member);
  if (Find(hash, member) != nullptr) return false;
  watch_.BeforeChange(hash, member);
  AddHashed(hash, member);
  return true;
}

bool SetTable::Remove(std::string_view member) {
  const uint64_t hash = HashBytes(member);
  Handle* slot = Find(hash, member);
  if (slot == nullptr) return false;
  EraseSlot(hash, slot);
  return true;
}

void SetTable::RemoveAt(Handle handle) {
  const uint64_t hash = HashBytes(At(handle));
  Handle* slot = index_.Find(hash, [handle](Handle other) { return other == handle; });
  ASSERT(slot != nullptr);
  EraseSlot(hash, slot);
}

void SetTable::EraseSlot(uint64_t hash, Handle* slot) {
  const Handle handle = *slot;
  watch_.BeforeChange(hash, At(handle));
  const size_t bytes = RecordBytes(At(handle));
  index_.Erase(hash, slot);  // may ask for the hashes of the others, never for this one's
  arena_.Free(handle, bytes);
}

}  // namespace usher::engine
