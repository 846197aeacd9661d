#include "epalm/infer/packed_cache.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "epalm/infer/bundle.h"
#include "epalm/infer/frozen_models.h"
#include "epalm/infer/frozen_prints.h"
#include "epalm/io/mapped_tensor.h"
#include "tests/base/warnings.h"
#include "tests/train/tiny_run.h"

namespace epalm::infer {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

// A name such as the cache gives.
std::string name_like(char digit, const std::string& kind = ".packed") {
  return std::string(64, digit) + kind;
}

void let_age(const fs::path& file, std::chrono::minutes age) {
  fs::last_write_time(file, fs::file_time_type::clock::now() - age);
}

class PackedCacheTest : public testing::Test {
 protected:
  PackedCacheTest() {
    train::write_tiny_lm(folder(), 3, 32);  // rows that can be quantized
    train::write_tiny_encoder(folder(), Modality::kImage);
  }

  const fs::path& folder() const { return folder_.path(); }
  // Of each test its own: a process that has given up a folder does not come back to it.
  fs::path cache() const { return folder() / testing::UnitTest::GetInstance()->current_test_info()->name(); }

  RunConfig config(const std::string& precision, bool cached = true) const {
    RunConfig config;
    config.text_model = (folder() / "opt").string();
    config.encoder_weights = (folder() / "encoder").string();
    config.image_res = 16;
    config.precision = precision;
    if (cached) config.packed_cache = cache().string();
    return config;
  }

  static at::Tensor states(const lm::Opt& model) {
    const at::NoGradGuard no_gradients;
    lm::OptInput input;
    input.ids = at::arange(4, 28).view({1, 24});
    return model.hidden(input);
  }
  static at::Tensor lm_states(const RunConfig& config) { return states(load_language_model(config)); }
  bool computes_the_same(const RunConfig& cached) const {
    RunConfig plain = cached;
    plain.packed_cache.clear();
    return at::equal(lm_states(cached), lm_states(plain));
  }

  std::vector<fs::path> kept(const std::string& kind = ".packed") const {
    std::vector<fs::path> files;
    if (!fs::exists(cache())) return files;
    for (const auto& entry : fs::directory_iterator(cache())) {
      if (entry.path().extension() == kind) files.push_back(entry.path());
    }
    return files;
  }

 private:
  train::TemporaryFolder folder_{"packed_cache"};
};

TEST_F(PackedCacheTest, ModelsComputeTheSameBitForBitWithoutItWhenItIsMadeAndWhenItIsThere) {
  const Warnings warnings;
  for (const std::string precision : {"bf16", "int8", "int4"}) {
    const lm::Opt plain = load_language_model(config(precision, false));
    const auto encoder = load_encoder(config(precision, false));
    const at::Tensor pixels = at::ones({1, 3, 16, 16});
    const at::NoGradGuard no_gradients;
    for (const bool is_there : {false, true}) {
      const lm::Opt cached = load_language_model(config(precision));
      EXPECT_TRUE(at::equal(states(cached), states(plain))) << precision;
      EXPECT_EQ(fingerprint(cached.weights()), fingerprint(plain.weights())) << precision;
      EXPECT_EQ(io::shares_file(cached.weights().at("model.decoder.embed_positions.weight")), is_there) << precision;
      const auto same = load_encoder(config(precision));
      EXPECT_TRUE(at::equal(same->cls_states(pixels, 2), encoder->cls_states(pixels, 2))) << precision;
      EXPECT_EQ(io::shares_file(same->weights().at("patch_embed.proj.weight")), is_there || precision != "bf16");
    }
  }
  EXPECT_THAT(kept(), SizeIs(4)) << "three of the language model; the encoder is bfloat16 in all";
  EXPECT_THAT(warnings.lines(), IsEmpty());
}

TEST_F(PackedCacheTest, KeepsNothingOfAFileThatIsInThePrecisionAlready) {
  EXPECT_TRUE(computes_the_same(config("fp32")));
  EXPECT_TRUE(io::shares_file(load_language_model(config("fp32")).weights().at("model.decoder.embed_tokens.weight")));
  EXPECT_THAT(kept(), IsEmpty());
}

TEST_F(PackedCacheTest, FindsAModelUnderAnotherNameAndNotOneOfOtherContent) {
  lm_states(config("int8"));
  fs::copy(folder() / "opt", folder() / "other", fs::copy_options::recursive);
  RunConfig other = config("int8");
  other.text_model = (folder() / "other").string();
  EXPECT_TRUE(computes_the_same(other));
  EXPECT_THAT(kept(), SizeIs(1));

  const fs::path weights = folder() / "other/model.safetensors";
  std::string bytes = content(weights);
  bytes[bytes.size() - 100] ^= 1;
  write(weights, bytes);
  EXPECT_TRUE(computes_the_same(other));
  EXPECT_THAT(kept(), SizeIs(2));

  const fs::path facts = folder() / "opt/config.json";
  write(facts, content(facts) + "\n");
  EXPECT_TRUE(computes_the_same(config("int8")));
  EXPECT_THAT(kept(), SizeIs(3));
}

// The encoder's position table is resized to the run.
TEST_F(PackedCacheTest, KeepsAnEncoderForEachSizeOfItsTable) {
  RunConfig larger = config("bf16");
  larger.image_res = 24;
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(load_encoder(config("bf16"))->weights().at("pos_embed").size(1), 1 + 4);
    EXPECT_EQ(load_encoder(larger)->weights().at("pos_embed").size(1), 1 + 9);
    EXPECT_THAT(kept(), SizeIs(2));
  }
}

TEST_F(PackedCacheTest, RemembersTheContentOfASourceThatHasNotChanged) {
  lm_states(config("int8"));
  EXPECT_THAT(kept(".content"), IsEmpty()) << "files that were written just now may change within a tick";
  std::this_thread::sleep_for(std::chrono::milliseconds(2100));
  lm_states(config("int8"));
  ASSERT_THAT(kept(".content"), SizeIs(1));
  const fs::path memo = kept(".content").front();
  const std::string known = content(memo);
  lm_states(config("int8"));
  EXPECT_THAT(kept(), SizeIs(1));
  // Another content, and the weights are others; no content, and the source is read again.
  write(memo, "0123456789abcdef");
  lm_states(config("int8"));
  EXPECT_THAT(kept(), SizeIs(2));
  for (const std::string& bad : {std::string(), known.substr(1), known + "0", std::string("not hexadecimal!")}) {
    write(memo, bad);
    lm_states(config("int8"));
    EXPECT_EQ(content(memo), known) << bad;
    EXPECT_THAT(kept(), SizeIs(2)) << bad;
  }
}

TEST_F(PackedCacheTest, DamagedAndForeignFilesAreOneWarningAndMadeAnew) {
  lm_states(config("int4"));
  const std::string of_int4 = content(kept().front());
  fs::remove(kept().front());
  lm_states(config("int8"));
  ASSERT_THAT(kept(), SizeIs(1));
  const fs::path file = kept().front();
  const std::string whole = content(file);
  std::string changed = whole;
  changed[changed.size() / 2] ^= 1;
  for (const std::string& damaged : {changed, whole.substr(0, whole.size() - 1), std::string(), of_int4,
                                     content(folder() / "opt/model.safetensors"), std::string("something else")}) {
    write(file, damaged);
    {
      const Warnings warnings;
      EXPECT_TRUE(computes_the_same(config("int8")));
      EXPECT_THAT(warnings.lines(), ElementsAre(AllOf(HasSubstr("packed_cache"), HasSubstr(file.string()),
                                                      HasSubstr("it is made anew"))));
    }
    EXPECT_EQ(content(file), whole);
  }
}

TEST_F(PackedCacheTest, FullDiskIsOneWarningAndStopsTheCacheNotTheRun) {
  const at::Tensor expected = lm_states(config("int8", false));
  const Warnings warnings;
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const rlimit small{2048, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const at::Tensor got = lm_states(config("int8"));
  const auto encoder = load_encoder(config("int8"));
  setrlimit(RLIMIT_FSIZE, &old);
  EXPECT_TRUE(at::equal(got, expected));
  EXPECT_NE(encoder, nullptr);
  EXPECT_THAT(warnings.lines(), ElementsAre(AllOf(HasSubstr(cache().string()), HasSubstr("cannot be written"),
                                                  HasSubstr("the work goes on"))));
  EXPECT_TRUE(fs::is_empty(cache()));
}

TEST_F(PackedCacheTest, FolderThatCannotBeMadeIsOneWarning) {
  write(folder() / "file", "x");
  RunConfig nowhere = config("int8");
  nowhere.packed_cache = (folder() / "file/cache").string();
  const Warnings warnings;
  EXPECT_TRUE(computes_the_same(nowhere));
  load_encoder(nowhere);
  EXPECT_THAT(warnings.lines(), ElementsAre(AllOf(HasSubstr("file/cache"), HasSubstr("cannot be made"))));
}

TEST_F(PackedCacheTest, WhatWasUsedLongestAgoLeaves) {
  fs::create_directories(cache());
  const std::string much(495'000, 'x');
  write(cache() / name_like('a'), much);
  write(cache() / name_like('b'), much);
  let_age(cache() / name_like('a'), std::chrono::minutes(1));
  let_age(cache() / name_like('b'), std::chrono::minutes(2));
  write(cache() / "notes.txt", much + much);
  write(cache() / "model.packed", much + much);
  RunConfig small = config("int8");
  small.packed_cache_gb = 0.001;
  lm_states(small);
  EXPECT_TRUE(fs::exists(cache() / name_like('a')));
  EXPECT_FALSE(fs::exists(cache() / name_like('b')));
  EXPECT_TRUE(fs::exists(cache() / "notes.txt")) << "not of this cache";
  EXPECT_TRUE(fs::exists(cache() / "model.packed")) << "not of this cache";

  fs::remove(cache() / "model.packed");
  fs::remove(cache() / name_like('a'));
  ASSERT_THAT(kept(), SizeIs(1));
  const fs::path model = kept().front();
  let_age(model, std::chrono::minutes(5));
  lm_states(small);  // a use
  write(cache() / name_like('c'), much);
  write(cache() / name_like('d'), much);
  let_age(cache() / name_like('c'), std::chrono::minutes(4));
  small.precision = "bf16";
  lm_states(small);
  EXPECT_TRUE(fs::exists(model));
  EXPECT_FALSE(fs::exists(cache() / name_like('c')));
}

TEST_F(PackedCacheTest, WeightsLargerThanTheLimitAreNotKept) {
  RunConfig tiny = config("int8");
  tiny.packed_cache_gb = 1e-6;
  const Warnings warnings;
  EXPECT_TRUE(computes_the_same(tiny));
  EXPECT_THAT(kept(), IsEmpty());
  EXPECT_THAT(warnings.lines(), ElementsAre(HasSubstr("packed_cache_gb")));
}

TEST_F(PackedCacheTest, WhatAKilledProcessLeftGoesAndWhatIsInTheMakingStays) {
  fs::create_directories(cache());
  const fs::path left = cache() / name_like('a', ".packed.17.0.tmp"),
                 young = cache() / name_like('b', ".packed.18.0.tmp");
  write(left, "half");
  write(young, "half");
  let_age(left, std::chrono::minutes(61));
  EXPECT_TRUE(computes_the_same(config("int8")));
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(young));
}

// A file from elsewhere does not choose where this machine writes.
TEST_F(PackedCacheTest, IsNotNamedByACheckpoint) {
  const std::string keys = to_json(config("int8")).dump();
  const fs::path file = folder() / "adapter.safetensors", adapter = folder() / "adapter";
  io::write_safetensors(file, {{"a", at::ones(1)}}, {{"epalm_config", keys}});
  fs::create_directories(adapter);
  fs::copy(file, adapter / "adapter.safetensors");
  write(adapter / "config.json", keys);
  for (const fs::path& checkpoint : {file, adapter}) {
    EXPECT_EQ(config_of_checkpoint(checkpoint).packed_cache, "") << checkpoint;
    EXPECT_EQ(config_of_checkpoint(checkpoint).precision, "int8") << checkpoint;
    EXPECT_EQ(config_of_checkpoint(checkpoint, {"packed_cache=here"}).packed_cache, "here") << checkpoint;
  }
}

// As many processes as start at once, over and over: each finds no file or a whole one.
TEST_F(PackedCacheTest, ProcessesThatStartTogetherAllComputeTheSame) {
  at::set_num_threads(1);  // children have their thread alone
  const at::Tensor expected = lm_states(config("int8", false));
  for (int round = 0; round < 5; ++round) {
    fs::remove_all(cache());
    std::vector<pid_t> children;
    for (int child = 0; child < 4; ++child) {
      const pid_t id = fork();
      ASSERT_GE(id, 0);
      if (id == 0) {
        int warnings = 0;
        set_log_sink([&](LogLevel, std::string_view) { ++warnings; });
        const bool same =
            at::equal(lm_states(config("int8")), expected) && at::equal(lm_states(config("int8")), expected);
        _exit(same && warnings == 0 ? 0 : 1);
      }
      children.push_back(id);
    }
    for (const pid_t id : children) {
      int status = 0;
      ASSERT_EQ(waitpid(id, &status, 0), id);
      EXPECT_EQ(status, 0);
    }
    EXPECT_THAT(kept(), SizeIs(1));
    EXPECT_THAT(kept(".tmp"), IsEmpty());
    EXPECT_TRUE(computes_the_same(config("int8")));
  }
}

}  // namespace
}  // namespace epalm::infer
