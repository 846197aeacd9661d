#pragma once

#include <ATen/ATen.h>

namespace epalm::nn {

// Whether attention_tiles() can compute attention_bfloat16() of these, and sooner: where the CPU multiplies tiles and a
// head is wide enough to fill them.
bool suits_attention_tiles(int64_t keys, int64_t head_width);

// attention_bfloat16() with AMX: keys and values of a head are packed once for all of its queries. q, k and v bfloat16
// whose numbers of a row are neighbours -> [B,Tq,H·d] float32.
at::Tensor attention_tiles(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, int64_t heads, double scale);

}  // namespace epalm::nn
