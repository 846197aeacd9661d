#include "epalm/train/feature_bank.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "epalm/base/error.h"
#include "epalm/eval/samples.h"
#include "tests/train/tiny_run.h"

namespace epalm::train {
namespace {

TEST(FeatureBank, ShowsEachViewAsItWasFirstSeen) {
  const TemporaryFolder folder("feature_bank");
  make_tiny_run(folder.path(), infer::Task::kVqa);
  const auto bundle = infer::load_bundle(tiny_config(folder.path(), {"feature_views=2", "cache_features=true"}));
  eval::FeatureCache cache(bundle.config, bundle.model.encoder());
  const auto samples = eval::training_samples(bundle.config);
  FeatureBank bank(bundle, cache, samples);
  std::vector<int64_t> told;
  const auto show = [&](eval::View view, bool stop = false) {
    bank.show(
        view,
        [&](int64_t done, int64_t total) {
          told.insert(told.end(), {done, total});
        },
        [&] { return stop; });
  };

  EXPECT_THROW(show(0, true), Interrupted);
  EXPECT_EQ(bank.views(), 0);
  show(0);
  EXPECT_THAT(told, testing::ElementsAre(24, 24));
  const int64_t last = samples.size() - 1;
  const std::vector<int64_t> indices{last, 0, last};
  const at::Tensor first = bank.of(indices);
  EXPECT_EQ(first.sizes(), (at::IntArrayRef{3, 2, 12}));
  EXPECT_TRUE(at::equal(first[0], first[2]));
  EXPECT_FALSE(at::equal(first[0], first[1]));

  write_text(samples.get(0).media, "no medium");
  show(1);
  EXPECT_THAT(bank.problem(0), testing::HasSubstr(samples.get(0).media.string()));
  EXPECT_FALSE(at::equal(bank.of(indices), first));
  told.clear();
  show(0, true);
  EXPECT_EQ(bank.problem(0), "");
  EXPECT_TRUE(at::equal(bank.of(indices), first));
  EXPECT_TRUE(told.empty());
  EXPECT_EQ(bank.views(), 2);
}

}  // namespace
}  // namespace epalm::train
