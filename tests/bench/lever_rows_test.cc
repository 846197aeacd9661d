#include "epalm/bench/lever_rows.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

namespace epalm::bench {
namespace {

LeverSubject tiny() {
  LeverSubject subject;
  subject.lm_name = "a tiny model";
  subject.lm.vocab_size = 64;
  subject.lm.hidden_size = subject.lm.word_embed_proj_dim = 32;
  subject.lm.num_hidden_layers = 6;
  subject.lm.ffn_dim = 64;
  subject.lm.num_attention_heads = 2;
  subject.vit = "vit_tiny_patch16_224";
  return subject;
}

// measure() itself refuses sides that compute different things.
TEST(LeverRows, BothSidesComputeTheSameAndTellTimeAndMemory) {
  at::set_num_threads(1);  // the sides run in copies of this process, which have its thread alone
  for (const Row& row : lever_rows(tiny())) {
    const Measurement measured = row.measure({});
    EXPECT_GT(measured.value.value_or(0), 0) << row.name;
    EXPECT_GT(measured.twin.value_or(0), 0) << row.name;
    EXPECT_GT(measured.ratio.value_or(0), 0) << row.name;
    EXPECT_GT(measured.peak_rss_gb.value_or(0), 0) << row.name;
    EXPECT_GT(measured.twin_peak_rss_gb.value_or(0), 0) << row.name;
    ASSERT_TRUE(measured.work) << row.name;
    EXPECT_GT(measured.work->flop, 0) << row.name;
    EXPECT_GT(measured.work->seconds, 0) << row.name;
    EXPECT_NE(measured.note.find("a tiny model"), std::string::npos) << row.name;
  }
}

}  // namespace
}  // namespace epalm::bench
