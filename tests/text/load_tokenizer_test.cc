#include "epalm/text/load_tokenizer.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "epalm/base/error.h"
#include "tests/text/tokenizers.h"

namespace epalm::text {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class LoadTokenizer : public testing::Test {
 protected:
  LoadTokenizer()
      : folder_(std::filesystem::path(testing::TempDir()) /
                (std::string("load_tokenizer_") + testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~LoadTokenizer() override { std::filesystem::remove_all(folder_); }

  void write(const char* name, const std::string& contents) const { std::ofstream(folder_ / name) << contents; }

  std::string error() const {
    try {
      load_tokenizer(folder_);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  std::filesystem::path folder_;
};

TEST_F(LoadTokenizer, ReadsVocabularyAndMerges) {
  write("vocab.json", testing_data::vocabulary().dump());
  write("merges.txt", testing_data::merges_txt());
  EXPECT_EQ(load_tokenizer(folder_).encode("cat").size(), 2u);
}

TEST_F(LoadTokenizer, PrefersTokenizerJson) {
  write("vocab.json", "broken");
  write("merges.txt", "broken");
  write("tokenizer.json", testing_data::tokenizer_json().dump());
  EXPECT_EQ(load_tokenizer(folder_).encode("cat").size(), 2u);
}

TEST_F(LoadTokenizer, NamesTheFileAtFault) {
  write("vocab.json", testing_data::vocabulary().dump());
  EXPECT_THAT(error(), AllOf(HasSubstr(folder_.string()), HasSubstr("holds no tokenizer")));
  write("merges.txt", "#version: 0.2\nc a t\n");
  EXPECT_THAT(error(), AllOf(HasSubstr(folder_.string()), HasSubstr("merges.txt line 2")));
  write("vocab.json", "");
  EXPECT_THAT(error(), AllOf(HasSubstr(folder_.string()), HasSubstr("vocab.json: not valid JSON")));
  write("tokenizer.json", "[]");
  EXPECT_THAT(error(), AllOf(HasSubstr(folder_.string()), HasSubstr("tokenizer.json: the file must be")));
}

TEST_F(LoadTokenizer, RefusesAFileFarTooLarge) {
  write("tokenizer.json", "{}");
  std::filesystem::resize_file(folder_ / "tokenizer.json", (uintmax_t{1} << 28) + 1);  // a hole, no bytes on disk
  EXPECT_THAT(error(), AllOf(HasSubstr("tokenizer.json"), HasSubstr("at most")));
}

TEST_F(LoadTokenizer, RefusesAMissingFolder) {
  std::filesystem::remove_all(folder_);
  EXPECT_THAT(error(), HasSubstr("holds no tokenizer"));
}

}  // namespace
}  // namespace epalm::text
