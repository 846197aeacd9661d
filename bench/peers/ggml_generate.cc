// ggml_generate MODEL THREADS: greedy search with the functions of ggml's gpt-2 example, which reads one text at a
// time; a line "seconds 1 SECONDS". The example's own program samples and has no run that does not count.
#define main example_main
#include "gpt-2/main-backend.cpp"
#undef main

#include <algorithm>
#include <exception>
#include <random>
#include <stdexcept>

#include "timing.h"

namespace {

std::vector<gpt_vocab::id> random_text(int vocabulary) {
  std::mt19937 random(4);
  std::uniform_int_distribution<int> id(4, vocabulary - 1);
  std::vector<gpt_vocab::id> text(kKnownTokens);
  for (auto& token : text) token = id(random);
  return text;
}

void generate(const gpt2_model& model, ggml_gallocr_t buffers, int threads, std::vector<gpt_vocab::id> unread) {
  int read = 0;
  std::vector<float> logits;
  for (int i = 0; i < kNewTokens; ++i) {
    if (!gpt2_eval(model, buffers, threads, read, unread, logits)) throw std::runtime_error("ggml cannot compute");
    read += static_cast<int>(unread.size());
    unread = {static_cast<gpt_vocab::id>(std::max_element(logits.begin(), logits.end()) - logits.begin())};
  }
}

void run(int argc, char** argv) {
  if (argc != 3) throw std::invalid_argument("usage: ggml_generate MODEL THREADS");
  const int threads = std::stoi(argv[2]);
  gpt_vocab vocabulary;
  gpt2_model model;
  if (!gpt2_model_load(argv[1], model, vocabulary, kKnownTokens + kNewTokens, 0)) {
    throw std::runtime_error(std::string(argv[1]) + ": cannot be read");
  }
  const ggml_gallocr_t buffers = ggml_gallocr_new(ggml_backend_get_default_buffer_type(model.backend));
  ggml_gallocr_reserve(buffers, gpt2_graph(model, kNewTokens, kKnownTokens));
  const auto text = random_text(model.hparams.n_vocab);
  std::printf("\nseconds 1 %.6f\n", median_seconds_of([&] { generate(model, buffers, threads, text); }));
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
