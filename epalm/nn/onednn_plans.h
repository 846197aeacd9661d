#pragma once

#include <oneapi/dnnl/dnnl.hpp>

#include <list>
#include <map>
#include <utility>

namespace epalm::nn {

inline dnnl::engine& onednn_engine() {
  static dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

// Building a primitive costs more than a small product, so each thread keeps the last ones it used.
template <typename Key, typename Plan>
class Plans {
 public:
  // make() builds what a new key asks for.
  template <typename Make>
  const Plan& get(const Key& key, Make&& make) {
    if (const auto found = index_.find(key); found != index_.end()) {
      order_.splice(order_.begin(), order_, found->second);
      return found->second->second;
    }
    order_.emplace_front(key, make());
    index_[key] = order_.begin();
    if (order_.size() > kCapacity) {
      index_.erase(order_.back().first);
      order_.pop_back();
    }
    return order_.front().second;
  }

 private:
  static constexpr size_t kCapacity = 512;

  std::list<std::pair<Key, Plan>> order_;
  std::map<Key, typename decltype(order_)::iterator> index_;
};

}  // namespace epalm::nn
