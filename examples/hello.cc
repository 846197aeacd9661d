// From a picture, video or sound and a question to an answer: the whole way through the library.
#include <epalm/epalm.h>

#include <exception>
#include <filesystem>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    std::cerr << "usage: hello CHECKPOINT MEDIUM [QUESTION]   (without a question: a caption)\n";
    return 2;
  }
  try {
    const auto bundle = epalm::infer::load_bundle(argv[1], {});
    const std::string question = argc == 4 ? argv[3] : "";
    std::cout << epalm::infer::answer(bundle, std::filesystem::path(argv[2]), question) << "\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "hello: " << error.what() << "\n";
    return 1;
  }
}
