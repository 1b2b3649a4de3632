// Values by key, which also know who was touched last: for tables that must forget.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>

#include "absl/container/flat_hash_map.h"

namespace dns_monitor {

template <typename Key, typename Value>
class AgedTable {
 public:
  struct Entry {
    Key key;
    Value value;
  };
  using Handle = typename std::list<Entry>::iterator;  // good until its Erase

  // Of memory, for each value, beside what the value itself has on the heap. About: the list's
  // node, and a slot of the hash table, which is half full.
  static constexpr size_t kBytesEach =
      sizeof(Entry) + 4 * sizeof(void*) + 2 * (sizeof(Key) + sizeof(Handle) + 1);

  size_t size() const { return by_key_.size(); }
  bool empty() const { return by_key_.empty(); }
  // end() if there is none.
  Handle Find(const Key& key) {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? by_age_.end() : found->second;
  }
  Handle end() { return by_age_.end(); }
  // As the youngest; there is none of this key yet.
  Handle Add(const Key& key) {
    by_age_.push_back({key, Value()});
    return by_key_[key] = std::prev(by_age_.end());
  }
  void MakeYoungest(Handle entry) { by_age_.splice(by_age_.end(), by_age_, entry); }
  // There is one.
  Handle Oldest() { return by_age_.begin(); }
  void Erase(Handle entry) {
    by_key_.erase(entry->key);
    by_age_.erase(entry);
  }

 private:
  std::list<Entry> by_age_;  // the oldest in front
  absl::flat_hash_map<Key, Handle> by_key_;
};

// Whether more than `limit_ns` went by, whatever the two times are.
inline bool IsOlder(int64_t then_ns, int64_t now_ns, int64_t limit_ns) {
  return now_ns > then_ns && static_cast<uint64_t>(now_ns) - static_cast<uint64_t>(then_ns) >
                                 static_cast<uint64_t>(limit_ns);
}

}  // namespace dns_monitor
