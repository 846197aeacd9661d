#pragma once

#include <cstdint>
#include <vector>

#include "epalm/nn/mask_view.h"

namespace epalm::nn {

// One head's softmax(scale · q kᵀ + mask) v and its gradients, float32, in the first cache. Whoever uses it brings the
// rows together: in memory those of a head lie as far apart as rows of all heads are long, and push each other out.
// Keys that a query's mask hides to the last are not multiplied.
class AttentionHead {
 public:
  // width of a row: a multiple of kLanes (vectors.h).
  AttentionHead(int64_t queries, int64_t keys, int64_t width, float scale);

  // To be filled: [queries,width], [keys,width].
  float* q() { return q_.data(); }
  float* k() { return k_.data(); }
  float* v() { return v_.data(); }
  float* d_out() { return d_out_.data(); }

  // The mask from now on: that of head h of sequence b, its queries from this one on.
  void set_mask(const MaskView& mask, int64_t b, int64_t h, int64_t first_query);

  void weigh();                                // first, of q and k
  void mix(float* out, int64_t stride) const;  // rows [queries,width]
  // Then, of d_out: rows of d_q, and those that d_k() and d_v() have afterwards, [keys,width].
  void pull(float* d_q, int64_t stride);
  const float* d_k() const { return d_k_.data(); }
  const float* d_v() const { return d_v_.data(); }

  // What a product of some rows adds up, and how many vectors of the result they have.
  struct Part {
    int64_t begin, end, vectors;
  };

 private:
  void turn(const std::vector<float>& rows);

  int64_t queries_, keys_, width_;
  int64_t key_vectors_, head_vectors_;
  float scale_;
  std::vector<float> q_, k_, v_, d_out_, d_k_, d_v_;
  std::vector<float> mask_, weights_, pulls_;  // [queries,key_vectors·kLanes]; mask_ hides what lies behind the keys
  std::vector<float> turned_;                  // [width,key_vectors·kLanes], zeros behind the keys
  std::vector<int64_t> seen_;                  // of the keys, by each query: up to the last that is not hidden
  // Of some queries, over the width and over keys; of some keys, over queries.
  std::vector<Part> scores_, mixed_, pulled_;
};

}  // namespace epalm::nn
