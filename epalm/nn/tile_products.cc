#include "epalm/nn/tile_products.h"

#include <ATen/Parallel.h>

#include <algorithm>

#include "epalm/nn/tile_kernels.h"

namespace epalm::nn {
namespace {

constexpr int64_t kPanelPairs = 8;              // of b at a time, in the first cache: 16 KiB
constexpr int64_t kStrip = 4;                   // panels that are packed at a time where their rows lie far apart
constexpr int64_t kPackedBytes = 1 << 20;       // of a that one part of b meets, in the second cache
constexpr int64_t kMostRows = 512 / kPairRows;  // pairs of rows of a that one part of b meets
constexpr int64_t kGroup = 8;                   // pairs of columns whose sums wait for the rest of a long depth

constexpr int64_t kLineNumbers = 32;

const uint16_t* numbers(const at::Tensor& t) {
  return static_cast<const uint16_t*>(t.data_ptr());
}

// One product. Its b is packed panel by panel where it is used, its a once.
class TileProduct {
 public:
  TileProduct(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias, Finish finish,
              const at::Tensor& positive)
      : a_(a.stride(1) == 1 ? a : a.contiguous()),
        b_(b),
        by_columns_(b.stride(0) == 1),
        strip_(by_columns_ ? 1 : kStrip),
        rows_(a.size(0)),
        depth_(a.size(1)),
        columns_(b.size(1)),
        finish_(finish),
        positive_(positive) {
    if (bias.defined()) bias_ = bias.to(at::kFloat).contiguous();
  }

  at::Tensor compute() {
    out_ = at::empty({rows_, columns_}, finish_ == Finish::kNone ? at::kFloat : at::kBFloat16);
    row_pairs_ = pairs_of(rows_);
    pairs_ = pairs_of(depth_);
    packed_ = at::empty({row_pairs_, pairs_, kPairNumbers}, at::kBFloat16);
    at::parallel_for(0, row_pairs_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) pack_a(i);
    });
    const int64_t chunks = at::divup(row_pairs_, kMostRows);
    chunk_ = at::divup(row_pairs_, chunks);
    stretch_ = std::max(kPanelPairs, kPackedBytes / (chunk_ * kPairNumbers * 2) / kPanelPairs * kPanelPairs);
    const int64_t column_pairs = pairs_of(columns_);
    const int64_t most = stretch_ < pairs_ ? kGroup : strip_;
    const int64_t group = std::clamp<int64_t>(column_pairs * chunks / at::get_num_threads(), 1, most);
    const int64_t groups = at::divup(column_pairs, group);
    at::parallel_for(0, chunks * groups, 1, [&](int64_t begin, int64_t end) {
      const TilesOfThread tiles;
      const at::Tensor sums = at::empty({group, chunk_, kBlockSums});
      const at::Tensor panel = at::empty({strip_, kPanelPairs, kPairNumbers}, at::kBFloat16);
      for (int64_t task = begin; task < end; ++task) {
        const int64_t first = task % groups * group;
        multiply(task / groups * chunk_, first, std::min(group, column_pairs - first), sums.data_ptr<float>(),
                 static_cast<uint16_t*>(panel.data_ptr()));
      }
    });
    return out_;
  }

 private:
  void pack_a(int64_t i) { a_.scalar_type() == at::kFloat ? pack_a(a_.data_ptr<float>(), i) : pack_a(numbers(a_), i); }

  template <typename Number>
  void pack_a(const Number* from, int64_t i) {
    const TileSource<Number> source{.from = from + i * kPairRows * a_.stride(0),
                                    .stride = a_.stride(0),
                                    .rows = std::min(kPairRows, rows_ - i * kPairRows),
                                    .depth = depth_};
    by_columns_ ? pack_right(source, packed(i, 0)) : pack_left(source, packed(i, 0));
  }

  uint16_t* packed(int64_t i, int64_t pair) const {
    return static_cast<uint16_t*>(packed_.data_ptr()) + (i * pairs_ + pair) * kPairNumbers;
  }

  // Pairs begin … end - 1 of the depth of pairs j … j + count - 1 of columns.
  void pack_b(int64_t j, int64_t count, int64_t begin, int64_t end, uint16_t* panel) const {
    const int64_t column = j * kPairRows, row = begin * kPairDepth;
    const TileSource<uint16_t> source{.from = numbers(b_) + row * b_.stride(0) + column * b_.stride(1),
                                      .stride = by_columns_ ? b_.stride(1) : b_.stride(0),
                                      .rows = std::min(count * kPairRows, columns_ - column),
                                      .depth = std::min(depth_, end * kPairDepth) - row};
    if (!by_columns_) return pack_right_rows(source, kPanelPairs * kPairNumbers, panel);
    pack_left(source, panel);
  }

  // A panel of so many pairs of columns, from pair j and from pair `begin` of the depth on, asked for in so many steps.
  Wanted wanted_of_b(int64_t j, int64_t count, int64_t begin, int64_t steps) const {
    const int64_t column = j * kPairRows, row = begin * kPairDepth;
    const int64_t columns = count * kPairRows, depth = kPanelPairs * kPairDepth;
    const int64_t rows = by_columns_ ? columns : depth, lines = (by_columns_ ? depth : columns) / kLineNumbers;
    return {.at = reinterpret_cast<const char*>(numbers(b_) + row * b_.stride(0) + column * b_.stride(1)),
            .lines_of_row = lines,
            .stride = (by_columns_ ? b_.stride(1) : b_.stride(0)) * 2,
            .lines_of_step = at::divup(rows * lines, steps)};
  }

  // Whether the rows that make up pair j of columns are read as they lie.
  bool streams(int64_t j) const {
    return by_columns_ && row_pairs_ == 1 && depth_ % kPairDepth == 0 && (j + 1) * kPairRows <= columns_;
  }

  // Pairs of columns from first_column on with a part of the pairs of rows.
  void multiply(int64_t first_row, int64_t first_column, int64_t column_pairs, float* sums, uint16_t* panel) const {
    if (streams(first_column + column_pairs - 1)) {
      for (int64_t j = first_column; j < first_column + column_pairs; ++j) stream(j, sums);
      return;
    }
    const int64_t row_pairs = std::min(chunk_, row_pairs_ - first_row);
    for (int64_t begin = 0; begin < pairs_; begin += stretch_) {
      const int64_t end = std::min(pairs_, begin + stretch_);
      for (int64_t j = 0; j < column_pairs; j += strip_) {
        const int64_t count = std::min(strip_, column_pairs - j);
        float* blocks = sums + j * chunk_ * kBlockSums;
        sum_up(first_row, row_pairs, first_column + j, count, begin, end, blocks, panel);
        if (end == pairs_) write(first_row, row_pairs, first_column + j, count, blocks);
      }
    }
  }

  void stream(int64_t j, float* block) const {
    const TileSource<uint16_t> rows{
        .from = numbers(b_) + j * kPairRows * b_.stride(1), .stride = b_.stride(1), .rows = kPairRows, .depth = depth_};
    multiply_rows(rows, packed(0, 0), rows_, block);
    write(0, j, block);
  }

  // Pairs begin … end - 1 of the depth. blocks: [count,chunk_]
  void sum_up(int64_t first_row, int64_t row_pairs, int64_t first_column, int64_t count, int64_t begin, int64_t end,
              float* blocks, uint16_t* panels) const {
    for (int64_t panel_begin = begin; panel_begin < end; panel_begin += kPanelPairs) {
      const int64_t panel_end = std::min(end, panel_begin + kPanelPairs);
      pack_b(first_column, count, panel_begin, panel_end, panels);
      const bool last = panel_end == end;
      Wanted wanted = wanted_of_b(first_column + (last ? count : 0), count, last ? begin : panel_end,
                                  count * row_pairs * (panel_end - panel_begin));
      for (int64_t j = 0; j < count; ++j) {
        const uint16_t* panel = panels + j * kPanelPairs * kPairNumbers;
        for (int64_t i = 0; i < row_pairs; ++i) {
          const uint16_t* a = packed(first_row + i, panel_begin);
          multiply_pairs(by_columns_ ? panel : a, by_columns_ ? a : panel, panel_end - panel_begin, panel_begin > 0,
                         wanted, blocks + (j * chunk_ + i) * kBlockSums);
        }
      }
    }
  }

  void write(int64_t first_row, int64_t row_pairs, int64_t first_column, int64_t count, const float* blocks) const {
    for (int64_t j = 0; j < count; ++j) {
      for (int64_t i = 0; i < row_pairs; ++i) {
        write(first_row + i, first_column + j, blocks + (j * chunk_ + i) * kBlockSums);
      }
    }
  }

  void write(int64_t i, int64_t j, const float* block) const {
    const int64_t row = i * kPairRows, column = j * kPairRows;
    auto* to = static_cast<std::byte*>(out_.data_ptr()) +
               (row * columns_ + column) * static_cast<int64_t>(out_.element_size());
    const ProductTarget target{
        .to = to,
        .stride = columns_,
        .rows = std::min(kPairRows, rows_ - row),
        .columns = std::min(kPairRows, columns_ - column),
        .bias = bias_.defined() ? bias_.data_ptr<float>() + column : nullptr,
        .finish = finish_,
        .positive = positive_.defined() ? numbers(positive_) + row * columns_ + column : nullptr};
    (by_columns_ ? write_block_transposed : write_block)(block, target);
  }

  at::Tensor a_, b_, bias_, packed_, out_;
  bool by_columns_;
  int64_t strip_;  // pairs of columns that are packed at a time
  int64_t rows_, depth_, columns_;
  int64_t row_pairs_ = 0, pairs_ = 0;
  int64_t chunk_ = 0;    // pairs of rows that a part of b meets
  int64_t stretch_ = 0;  // pairs of the depth that are summed up before the next pair of columns
  Finish finish_;
  at::Tensor positive_;
};

}  // namespace

at::Tensor tile_product(const at::Tensor& a, const at::Tensor& b, const at::Tensor& bias, Finish finish,
                        const at::Tensor& positive) {
  return TileProduct(a, b, bias, finish, positive).compute();
}

}  // namespace epalm::nn
