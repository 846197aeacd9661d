// ctranslate2_generate MODEL float32|int8 THREADS BATCH...: greedy search with CTranslate2; for each batch a line
// "seconds BATCH SECONDS".
#include <ctranslate2/generator.h>

#include <cstdio>
#include <exception>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "timing.h"

namespace {

// Words of the vocabulary that make_models.py writes, behind those with a meaning.
std::vector<std::vector<std::string>> random_texts(int batch) {
  std::mt19937 random(4);
  std::uniform_int_distribution<int> id(4, 50271);
  std::vector<std::vector<std::string>> texts(batch);
  for (auto& text : texts) {
    for (int i = 0; i < kKnownTokens; ++i) text.push_back("t" + std::to_string(id(random)));
  }
  return texts;
}

void generate(ctranslate2::Generator& generator, const std::vector<std::vector<std::string>>& texts) {
  ctranslate2::GenerationOptions options;
  options.min_length = options.max_length = kNewTokens;
  options.include_prompt_in_result = false;
  for (auto& result : generator.generate_batch_async(texts, options)) {
    if (result.get().sequences_ids.at(0).size() != kNewTokens) throw std::runtime_error("a text ended early");
  }
}

void run(int argc, char** argv) {
  if (argc < 5) throw std::invalid_argument("usage: ctranslate2_generate MODEL float32|int8 THREADS BATCH...");
  ctranslate2::ReplicaPoolConfig config;
  config.num_threads_per_replica = std::stoul(argv[3]);
  ctranslate2::Generator generator(argv[1], ctranslate2::Device::CPU, ctranslate2::str_to_compute_type(argv[2]), {0},
                                   false, config);
  for (int i = 4; i < argc; ++i) {
    const auto texts = random_texts(std::stoi(argv[i]));
    std::printf("seconds %s %.6f\n", argv[i], median_seconds_of([&] { generate(generator, texts); }));
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
