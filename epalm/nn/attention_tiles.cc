#include "epalm/nn/attention_tiles.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "epalm/base/error.h"
#include "epalm/nn/softmax_tiles.h"
#include "epalm/nn/tile_kernels.h"

namespace epalm::nn {
namespace {

constexpr int64_t kFewestKeys = 64;

uint16_t* numbers(const at::Tensor& t) {
  return static_cast<uint16_t*>(t.data_ptr());
}

at::Tensor room_for(int64_t pairs) {
  return at::empty({pairs, kPairNumbers}, at::kBFloat16);
}

// Of one head: rows [T,d] of a tensor [B,T,H·d].
TileSource<uint16_t> head_of(const at::Tensor& x, int64_t batch, int64_t head, int64_t width) {
  return {.from = numbers(x) + batch * x.stride(0) + head * width,
          .stride = x.stride(1),
          .rows = x.size(1),
          .depth = width};
}

// The `count` rows from row `first` on.
TileSource<uint16_t> rows_of(TileSource<uint16_t> source, int64_t first, int64_t count) {
  source.from += first * source.stride;
  source.rows = count;
  return source;
}

// What one thread needs for one head after the other.
class Head {
 public:
  Head(int64_t keys, int64_t width)
      : keys_(keys),
        width_(width),
        key_pairs_(pairs_of(keys)),
        width_pairs_(width / kPairDepth),
        packed_keys_(room_for(key_pairs_ * width_pairs_)),
        packed_values_(room_for(width_pairs_ * key_pairs_)),
        packed_queries_(room_for(width_pairs_)),
        packed_weights_(room_for(key_pairs_)),
        blocks_(at::empty({key_pairs_, kBlockSums})) {}

  void pack(const TileSource<uint16_t>& k, const TileSource<uint16_t>& v) {
    for (int64_t j = 0; j < key_pairs_; ++j) {
      const int64_t first = j * kPairRows, count = std::min(kPairRows, keys_ - first);
      pack_right(rows_of(k, first, count), numbers(packed_keys_) + j * width_pairs_ * kPairNumbers);
    }
    TileSource<uint16_t> values = v;
    values.rows = width_;  // which the right side calls its columns
    values.depth = keys_;
    pack_right_rows(values, key_pairs_ * kPairNumbers, numbers(packed_values_));
  }

  // Up to kPairRows queries; out: rows of `stride` numbers.
  void attend(const TileSource<uint16_t>& queries, double scale, float* out, int64_t stride) {
    pack_left(queries, numbers(packed_queries_));
    float* scores = blocks_.data_ptr<float>();
    for (int64_t j = 0; j < key_pairs_; ++j) {
      multiply(packed_queries_, numbers(packed_keys_) + j * width_pairs_ * kPairNumbers, width_pairs_,
               scores + j * kBlockSums);
    }
    float shares[kPairRows];
    softmax_blocks(scores, keys_, static_cast<float>(scale), numbers(packed_weights_), shares);
    for (int64_t c = 0; c < width_pairs_; ++c) {
      multiply(packed_weights_, numbers(packed_values_) + c * key_pairs_ * kPairNumbers, key_pairs_, scores);
      write_block(
          scores,
          {.to = out + c * kPairRows, .stride = stride, .rows = queries.rows, .columns = kPairRows, .factors = shares});
    }
  }

 private:
  static void multiply(const at::Tensor& left, const uint16_t* right, int64_t pairs, float* block) {
    Wanted nothing;
    multiply_pairs(numbers(left), right, pairs, false, nothing, block);
  }

  int64_t keys_, width_, key_pairs_, width_pairs_;
  at::Tensor packed_keys_, packed_values_, packed_queries_, packed_weights_, blocks_;
};

}  // namespace

bool suits_attention_tiles(int64_t keys, int64_t head_width) {
  return has_tile_kernels() && keys >= kFewestKeys && head_width % kPairDepth == 0;
}

at::Tensor attention_tiles(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads, double scale) {
  const int64_t queries = q.size(1), keys = k.size(1), width = q.size(2) / heads;
  EPALM_ASSERT(q.stride(2) == 1 && k.stride(2) == 1 && v.stride(2) == 1 && width % kPairDepth == 0);
  at::Tensor out = at::empty(q.sizes(), at::kFloat);
  at::parallel_for(0, q.size(0) * heads, 1, [&](int64_t begin, int64_t end) {
    const at::AutoDispatchBelowADInplaceOrView no_autograd;
    const TilesOfThread tiles;
    Head head(keys, width);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t b = i / heads, h = i % heads;
      head.pack(head_of(k, b, h, width), head_of(v, b, h, width));
      const auto query = head_of(q, b, h, width);
      for (int64_t row = 0; row < queries; row += kPairRows) {
        float* to = out.data_ptr<float>() + (b * queries + row) * q.size(2) + h * width;
        head.attend(rows_of(query, row, std::min(kPairRows, queries - row)), scale, to, q.size(2));
      }
    }
  });
  return out;
}

}  // namespace epalm::nn
