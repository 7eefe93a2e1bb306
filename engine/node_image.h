// NodeImage: the nodes of one large list or stream as they were at an epoch, to be written in order in slices while the
// value goes on changing.
//
//   image   [n1][n2][n3][n4] ...     next_: n1, n2 are written, and the value's alone again
//   value    n1' n2  n3  n4'         n4 was about to change: the image kept it, the value changes a copy
//
// A node of the value has its number in the image, 0 for one that is not there. Before it changes or drops a node, the
// value asks Keep(). What is kept belongs to the image and is freed once it is written.
//
// Memory: a pointer per node and what is kept. Complexity: O(1) per change, beside the copy.
// Thread safety: none. The caller holds the turn of the value's shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace usher::engine {

/// Node: a plain handle with MemoryBytes() and Destroy().
template <class Node>
class NodeImage {
 public:
  NodeImage() = default;
  ~NodeImage() {
    for (; !done(); ++next_) Drop();
  }
  NodeImage(const NodeImage&) = delete;
  NodeImage& operator=(const NodeImage&) = delete;

  /// The next node in order; returns its number.
  uint32_t Add(Node node) {
    items_.push_back({node, false});
    return static_cast<uint32_t>(items_.size());
  }
  size_t size() const { return items_.size(); }

  /// The value is about to change or free this node. True: the image keeps it, and the value must leave it alone.
  bool Keep(uint32_t number) {
    if (number <= next_) return false;
    Item& item = items_[number - 1];
    item.kept = true;
    kept_bytes_ += item.node.MemoryBytes();
    return true;
  }
  /// The value is gone.
  void OnDestroyed() { is_destroyed_ = true; }
  bool is_destroyed() const { return is_destroyed_; }

  bool done() const { return next_ == items_.size(); }
  /// Calls fn(node) for the next one and lets it go.
  template <class Fn>
  void TakeNext(Fn&& fn) {
    fn(items_[next_].node);
    Drop();
    ++next_;
  }
  size_t MemoryBytes() const { return items_.capacity() * sizeof(Item) + kept_bytes_; }

 private:
  struct Item {
    Node node;
    bool kept;
  };

  void Drop() {
    Item& item = items_[next_];
    if (!item.kept) return;
    kept_bytes_ -= item.node.MemoryBytes();
    item.node.Destroy();
  }

  std::vector<Item> items_;
  size_t next_ = 0;
  size_t kept_bytes_ = 0;
  bool is_destroyed_ = false;
};

}  // namespace usher::engine
