#include "epalm/encoders/adapted_file.h"

#include <ATen/ATen.h>

#include "epalm/base/error.h"

namespace epalm::encoders {

AdaptedFile::AdaptedFile(const io::TensorFile& file, const std::string& file_prefix, const std::string& our_prefix)
    : path_(file.path()) {
  for (const std::string& theirs : file.names()) {
    const std::string ours = theirs.starts_with(file_prefix) ? our_prefix + theirs.substr(file_prefix.size()) : theirs;
    const Entry entry{[&file, theirs] { return file.info(theirs); }, [&file, theirs] { return file.read(theirs); }};
    require(entries_.emplace(ours, entry).second, "'{}' holds tensor {} twice, with and without the prefix {}",
            path_.string(), ours, file_prefix);
  }
}

void AdaptedFile::leave_out(const std::string& name_prefix) {
  std::erase_if(entries_, [&](const auto& item) { return item.first.starts_with(name_prefix); });
}

void AdaptedFile::copy(const std::string& name, const std::string& second_name) {
  const Entry copied = entry(name);
  entries_[second_name] = copied;
}

void AdaptedFile::put_zeros(const std::string& name, const std::vector<int64_t>& shape) {
  entries_[name] = {[shape] { return io::TensorInfo{at::kFloat, shape}; }, [shape] { return at::zeros(shape); }};
}

void AdaptedFile::change(const std::string& name, const std::vector<int64_t>& shape,
                         const std::function<at::Tensor(const at::Tensor&)>& change) {
  const auto read = entry(name).read;
  entries_[name] = {[shape] {
                      return io::TensorInfo{at::kFloat, shape};
                    },
                    [read, change] { return change(read().to(at::kFloat)); }};
}

void AdaptedFile::fit_head(const std::string& layer, int64_t classes, int64_t width) {
  const std::map<std::string, std::vector<int64_t>> shapes{{layer + ".weight", {classes, width}},
                                                           {layer + ".bias", {classes}}};
  for (const auto& [name, shape] : shapes) {
    if (classes == 0) {
      entries_.erase(name);
    } else if (!contains(name) || info(name).shape != shape) {
      put_zeros(name, shape);
    }
  }
}

std::vector<std::string> AdaptedFile::names() const {
  std::vector<std::string> result;
  for (const auto& [name, entry] : entries_) result.push_back(name);
  return result;
}

const AdaptedFile::Entry& AdaptedFile::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) fail_missing(name);
  return found->second;
}

}  // namespace epalm::encoders
