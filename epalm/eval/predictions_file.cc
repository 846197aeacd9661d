#include "epalm/eval/predictions_file.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "epalm/base/atomic_write.h"

namespace epalm::eval {
namespace {

// A number where the text is one, otherwise the text.
nlohmann::json id_of(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? nlohmann::json(number) : nlohmann::json(text);
}

// COCO's pictures are known by the number at the end of their names, videos and sounds by their names.
nlohmann::json media_id(const std::string& media, infer::Task task) {
  const std::string stem = std::filesystem::path(media).stem().string();
  return task == infer::Task::kCaption ? id_of(stem.substr(stem.find_last_of('_') + 1)) : nlohmann::json(stem);
}

}  // namespace

void write_predictions(const std::filesystem::path& path, const EvalResult& result, infer::Task task) {
  auto list = nlohmann::json::array();
  for (const auto& prediction : result.predictions) {
    if (infer::is_caption(task)) {
      const bool own = !prediction.question_id.empty();
      list.push_back({{"image_id", own ? id_of(prediction.question_id) : media_id(prediction.media, task)},
                      {"caption", prediction.prediction}});
    } else {
      list.push_back({{"question_id", id_of(prediction.question_id)}, {"answer", prediction.prediction}});
    }
  }
  const std::string text = list.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  write_file_atomically(path, std::as_bytes(std::span(text)));
}

}  // namespace epalm::eval
