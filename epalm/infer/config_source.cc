#include "epalm/infer/config_source.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

#include "epalm/base/error.h"
#include "epalm/base/mapped_file.h"

namespace epalm::infer {
namespace {

constexpr size_t kMaxBytes = 1 << 20;
constexpr int kMaxNodes = 10'000;  // aliases may stand for more than the file holds

template <typename Number>
std::optional<Number> parsed(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

// The core schema of YAML 1.2, without octal and hexadecimal numbers, infinities and NaN, which stay texts.
nlohmann::json scalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // quoted
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (text.find_first_not_of("0123456789+-.eE") != std::string::npos) return text;
  if (const auto whole = parsed<int64_t>(text)) return *whole;
  if (const auto number = parsed<double>(text)) return *number;
  return text;
}

class Converter {
 public:
  explicit Converter(ConfigSource& source) : source_(source) {}

  nlohmann::json convert(const YAML::Node& node, const std::string& key, int depth = 0) {
    const int line = node.Mark().line + 1;
    require(++nodes_ <= kMaxNodes && depth <= 8, "'{}' line {}: {}: nested too deep or too large for a configuration",
            source_.origin, line, key);
    if (node.IsMap()) return mapping(node, key, depth);
    if (node.IsScalar()) return scalar(node);
    auto list = node.IsSequence() ? nlohmann::json::array() : nlohmann::json();
    for (const auto& item : node) list.push_back(convert(item, key, depth + 1));
    return list;
  }

 private:
  nlohmann::json mapping(const YAML::Node& node, const std::string& prefix, int depth) {
    auto object = nlohmann::json::object();
    for (const auto& entry : node) {
      const int line = entry.first.Mark().line + 1;
      require(entry.first.IsScalar(), "'{}' line {}: expected a word as key", source_.origin, line);
      const std::string& name = entry.first.Scalar();
      const std::string key = prefix.empty() ? name : prefix + "." + name;
      require(!object.contains(name), "'{}' line {}: {} stands twice; remove one", source_.origin, line, key);
      source_.places[key] = fmt::format("'{}' line {}", source_.origin, line);
      if (prefix.empty()) source_.keys.push_back(name);
      object[name] = convert(entry.second, key, depth + 1);
    }
    return object;
  }

  ConfigSource& source_;
  int nodes_ = 0;
};

}  // namespace

std::string ConfigSource::place(const std::string& key) const {
  for (std::string part = key;; part.resize(part.rfind('.'))) {
    if (const auto found = places.find(part); found != places.end()) return found->second;
    if (part.find('.') == std::string::npos) return fmt::format("'{}'", origin);
  }
}

ConfigSource read_yaml_source(const std::filesystem::path& yaml) {
  ConfigSource source{.origin = yaml.string()};
  const MappedFile file(yaml);
  require(file.bytes().size() <= kMaxBytes, "'{}': {} bytes are too many for a configuration", source.origin,
          file.bytes().size());
  const std::string text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  try {
    const YAML::Node root = YAML::Load(text);
    require(root.IsMap() || root.IsNull(), "'{}': expected a YAML mapping of keys to values", source.origin);
    source.values = root.IsMap() ? Converter(source).convert(root, "") : nlohmann::json::object();
  } catch (const YAML::Exception& error) {
    fail("'{}' line {}: not YAML: {}", source.origin, error.mark.line + 1, error.msg);
  }
  return source;
}

void apply_overrides(ConfigSource& source, const std::vector<std::string>& overrides) {
  for (const std::string& override : overrides) {
    const size_t equals = override.find('=');
    require(equals != std::string::npos && equals > 0, "'{}': expected key=value, as optimizer.lr=1e-4", override);
    std::string key = override.substr(0, equals);
    std::replace(key.begin(), key.end(), '-', '_');
    const std::string value = override.substr(equals + 1);
    const std::string place = fmt::format("'{}'", override);
    source.places[key] = place;
    nlohmann::json* object = &source.values;
    size_t begin = 0;  // of the part of the key behind the last dot
    for (size_t dot = key.find('.'); dot != std::string::npos; dot = key.find('.', begin)) {
      source.places.try_emplace(key.substr(0, dot), place);
      object = &(*object)[key.substr(begin, dot - begin)];
      require(object->is_null() || object->is_object(), "'{}': {} is no section", override, key.substr(0, dot));
      begin = dot + 1;
    }
    nlohmann::json& field = (*object)[key.substr(begin)];
    try {
      const YAML::Node node = YAML::Load(value);
      ConfigSource scratch{.origin = override};
      field = node.IsMap() ? nlohmann::json(value) : Converter(scratch).convert(node, key);
    } catch (const YAML::Exception&) {
      field = value;
    }
  }
}

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_edits = SIZE_MAX;
  for (const std::string& candidate : candidates) {
    std::vector<size_t> row(candidate.size() + 1);  // Levenshtein, one row at a time
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 1; i <= name.size(); ++i) {
      size_t diagonal = row[0];
      row[0] = i;
      for (size_t j = 1; j <= candidate.size(); ++j) {
        const size_t replaced = diagonal + (name[i - 1] != candidate[j - 1]);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
      }
    }
    if (row.back() < best_edits) best_edits = row.back(), best = candidate;
  }
  return best;
}

}  // namespace epalm::infer
